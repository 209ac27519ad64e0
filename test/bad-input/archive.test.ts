/** What is wrong with a Debian archive or its mirror. */
import assert from "node:assert/strict";
import test, { after, describe } from "node:test";
import { makeArchiveKey } from "../support/archive-key.ts";
import type { Publication } from "../support/debian-archive.ts";
import type { Fault } from "../support/archive-server.ts";
import { makeIngotWorld, type Ender, type IngotWorld } from "../support/ingot-world.ts";
import { whyNoTinyDebian } from "../support/tiny-debian.ts";
import { runBadCase, type Told } from "./bad-case.ts";

const skip = whyNoTinyDebian() ?? false;
const noise = Array.from({ length: 30_000 }, (_, at) => ((at * at * 2_654_435_761) >>> 7).toString(36)).join("");
const main = [{ name: "large", version: "1.0", files: { "usr/share/large": noise } }];
const world = skip === false ? await makeWorld({ after }) : await makeIngotWorld({ after });
const day = 24 * 3600 * 1000;

async function makeWorld(t: Ender): Promise<IngotWorld> {
  const made = await makeIngotWorld(t, { main });
  made.define("  web: {base: debian:bookworm, packages: [large]}\n");
  await made.succeed("lock");
  return made;
}

const publications: Readonly<Record<string, Told & { readonly publication: Publication }>> = {
  "an unsigned archive is refused": {
    publication: { signature: "none" },
    code: "archive-unsigned",
    says: ["bookworm"],
  },
  "an archive that was altered after it was signed is refused": {
    publication: { signature: "altered" },
    code: "archive-signature-bad",
    says: ["bookworm"],
  },
  "an archive that a stranger signed is refused, and the key is named": {
    publication: { signature: [await makeArchiveKey()] },
    code: "archive-key-unknown",
    says: ["bookworm", /[0-9A-F]{16}/],
  },
  "an expired archive is refused with the date": {
    publication: { date: new Date(Date.now() - 9 * day), validUntil: new Date(Date.now() - 2 * day) },
    code: "archive-expired",
    says: ["bookworm", new Date(Date.now() - 2 * day).toISOString().slice(0, 10)],
  },
  "an archive that says it is from the future is refused with the date": {
    publication: { release: { Date: new Date(Date.now() + 2 * day).toUTCString().replace("GMT", "UTC") } },
    code: "archive-from-future",
    says: ["bookworm", new Date(Date.now() + 2 * day).toISOString().slice(0, 10)],
  },
  "an archive that was signed in the future is refused": {
    publication: { date: new Date(Date.now() + 2 * day) },
    code: "archive-from-future",
    says: ["bookworm", /signed at a time in the future, by key [0-9A-F]{16}/],
    hint: /clock/,
  },
};

for (const [name, { publication, ...told }] of Object.entries(publications)) {
  test(name, { skip }, () =>
    runBadCase(world, {
      ...told,
      args: ["lock"],
      prepare: () => world.publish({ main, ...publication }),
      mend: () => world.publish({ main }),
    }),
  );
}

test("a mirror that serves an older state than the lock has seen is refused", { skip }, () =>
  runBadCase(world, {
    args: ["lock"],
    code: "archive-rolled-back",
    says: ["bookworm"],
    prepare: () => world.publish({ main, date: new Date(Date.now() - day) }),
    mend: () => world.publish({ main }),
  }),
);

// Each waits for six seconds between its attempts: they wait together, in worlds of their own.
describe("a mirror that breaks off", { concurrency: true, skip }, () => {
  test("dies in the middle of a list: that is told, and the lock is as it was", async (t) => {
    const own = await makeWorld(t);
    await runBadCase(own, {
      args: ["lock", "--update"],
      code: "download-failed",
      says: [own.server.url, /tried \d times/],
      prepare: async () => {
        await own.publish({ main: [...main, { name: "more", version: "1" }] });
        own.server.addFault(/binary-amd64/, { kind: "break", bytes: 200 });
      },
      mend: () => own.server.clearFaults(),
    });
  });

  test("dies in the middle of a package: that is told with the package, and the rest is fetched later", async (t) => {
    const own = await makeWorld(t);
    await runBadCase(own, {
      args: ["build"],
      code: "download-failed",
      says: ["large", own.server.url],
      prepare: () => own.server.addFault(/large/, { kind: "break", bytes: 5000 }),
      mend: () => own.server.clearFaults(),
    });
    assert.match(own.server.requests.at(-1)?.range ?? "", /^bytes=\d{4,}-$/);
  });

  test("serves a package truncated: it is refused with its name, and nothing of it is kept", async (t) => {
    const own = await makeWorld(t);
    own.forget();
    await refuseAltered(own, { code: "download-failed", fault: { kind: "truncate", bytes: 3000 } });
  });
});

test(
  "a package that the mirror serves altered is refused with its name, and nothing of it is kept",
  { skip },
  async () => {
    world.forget();
    await refuseAltered(world, { code: "download-corrupt", fault: { kind: "alter", offset: 3000 } });
  },
);

function refuseAltered(
  of: IngotWorld,
  { code, fault }: { code: "download-failed" | "download-corrupt"; fault: Fault },
): Promise<void> {
  return runBadCase(of, {
    args: ["build"],
    code,
    says: ["large"],
    prepare: () => of.server.addFault(/large/, fault),
    mend: () => of.server.clearFaults(),
  });
}

test("a mirror that is gone is told with its address", { skip }, async () => {
  world.forget();
  await runBadCase(world, {
    args: ["build"],
    code: "download-missing",
    says: ["large 1.0", world.server.url],
    prepare: () => world.server.addFault(/large/, { kind: "status", status: 404 }),
    mend: () => world.server.clearFaults(),
  });
});
