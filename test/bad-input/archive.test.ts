/** What is wrong with a Debian archive or its mirror. */
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { makeArchiveKey } from "../support/archive-key.ts";
import type { Publication } from "../support/debian-archive.ts";
import { makeIngotWorld } from "../support/ingot-world.ts";
import { whyNoTinyDebian } from "../support/tiny-debian.ts";
import { runBadCase, type Told } from "./bad-case.ts";

const skip = whyNoTinyDebian() ?? false;
const noise = Array.from({ length: 30_000 }, (_, at) => ((at * at * 2_654_435_761) >>> 7).toString(36)).join("");
const main = [{ name: "large", version: "1.0", files: { "usr/share/large": noise } }];
const world = await makeIngotWorld({ after }, { main });
world.define("  web: {base: debian:bookworm, packages: [large]}\n");
if (skip === false) await world.succeed("lock");
const day = 24 * 3600 * 1000;

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

test("a mirror that dies in the middle of a list is told, and the lock is as it was", { skip }, () =>
  runBadCase(world, {
    args: ["lock", "--update"],
    code: "download-failed",
    says: [world.server.url, /tried \d times/],
    prepare: async () => {
      await world.publish({ main: [...main, { name: "more", version: "1" }] });
      world.server.addFault(/binary-amd64/, { kind: "break", bytes: 200 });
    },
    mend: () => world.server.clearFaults(),
  }),
);

test(
  "a mirror that dies in the middle of a package is told with the package, and the rest is fetched later",
  { skip },
  async () => {
    await runBadCase(world, {
      args: ["build"],
      code: "download-failed",
      says: ["large", world.server.url],
      prepare: () => world.server.addFault(/large/, { kind: "break", bytes: 5000 }),
      mend: () => world.server.clearFaults(),
    });
    assert.match(world.server.requests.at(-1)?.range ?? "", /^bytes=\d{4,}-$/);
  },
);

for (const [name, fault] of [
  ["altered", { kind: "alter", offset: 3000 }],
  ["truncated", { kind: "truncate", bytes: 3000 }],
] as const) {
  test(
    `a package that the mirror serves ${name} is refused with its name, and nothing of it is kept`,
    { skip },
    async () => {
      world.forget();
      await runBadCase(world, {
        args: ["build"],
        code: name === "altered" ? "download-corrupt" : "download-failed",
        says: ["large"],
        prepare: () => world.server.addFault(/large/, fault),
        mend: () => world.server.clearFaults(),
      });
    },
  );
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
