/** Packages that are cut, altered, hostile or broken, though the archive's signature covers them. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { gunzipSync } from "node:zlib";
import { readTar } from "../../src/oci/tar/read.ts";
import { tarEntry } from "../../src/oci/tar/tar-entry.fixture.ts";
import { writeTar } from "../../src/oci/tar/write.ts";
import type { TarEntry } from "../../src/oci/tar/entry.ts";
import type { DebDescription } from "../support/build-deb.ts";
import { makeIngotWorld } from "../support/ingot-world.ts";
import { makeAr } from "../support/make-ar.ts";
import { parseJson } from "../support/run-ingot.ts";
import { whyNoTinyDebian } from "../support/tiny-debian.ts";
import { runBadCase, type Told } from "./bad-case.ts";

const skip = whyNoTinyDebian() ?? false;
const world = await makeIngotWorld({ after });
world.define("  web: {base: debian:bookworm}\n");
if (skip === false) await world.succeed("build");
/** A path of the host that no archive may reach. */
const outside = join(world.folder, "outside");

function handMade(entries: readonly TarEntry[]): Buffer {
  const control = "Package: bad\nVersion: 1.0\nArchitecture: all\nMaintainer: a\nDescription: a\n";
  return makeAr(
    ["debian-binary", "2.0\n"],
    ["control.tar", writeTar([tarEntry({ path: "control", content: control })])],
    ["data.tar", hostileTar(entries)],
  );
}

/** `writeTar` refuses nothing that it is given but does write plain paths: a leading slash is put in by hand, with a new checksum. */
function hostileTar(entries: readonly TarEntry[]): Buffer {
  const tar = writeTar(entries);
  for (const at of entries.keys()) {
    const name = entries[at]?.path ?? "";
    const offset = tar.indexOf(name);
    if (!name.startsWith("@") || offset < 0) continue;
    tar.write("/", offset);
    tar.fill(" ", offset + 148, offset + 156);
    const sum = tar.subarray(offset, offset + 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, offset + 148);
  }
  return tar;
}

const whole = handMade([tarEntry({ path: "usr/share/bad", content: "x".repeat(4000) })]);
const symlink = (path: string, linkname: string) => tarEntry({ path, type: "symlink", linkname, mode: 0o777 });
const climb = "../".repeat(40);
const failing = "#!/bin/sh\necho said on standard output\necho said on standard error >&2\nexit 7\n";

type BadPackage = Told & { readonly package: Pick<DebDescription, "bytes" | "scripts" | "files"> };

const packages: Readonly<Record<string, BadPackage>> = {
  "a truncated .deb is refused by its name": {
    package: { bytes: whole.subarray(0, whole.length - 2000) },
    code: "deb-malformed",
    says: ["bad 1.0"],
  },
  "a .deb whose content was altered is refused by its name": {
    package: { bytes: Buffer.concat([whole.subarray(0, 150), Buffer.alloc(400, 0x41), whole.subarray(550)]) },
    code: "tar-malformed",
    says: ["bad 1.0"],
  },
  "an entry that climbs out by .. is refused with package and path": {
    package: { bytes: handMade([tarEntry({ path: `${climb}${outside.slice(1)}`, content: "evil" })]) },
    code: "archive-escapes-root",
    says: ["bad 1.0", "../../"],
  },
  "an entry with an absolute path is refused with package and path": {
    package: { bytes: handMade([tarEntry({ path: `@${outside.slice(1)}`, content: "evil" })]) },
    code: "archive-escapes-root",
    says: ["bad 1.0", outside],
  },
  "an entry below a link that climbs out is refused with package and path": {
    package: {
      bytes: handMade([
        symlink("usr/share/way", `${climb}${world.folder.slice(1)}`),
        tarEntry({ path: "usr/share/way/outside", content: "evil" }),
      ]),
    },
    code: "archive-escapes-root",
    says: ["bad 1.0", "usr/share/way"],
  },
  "a failing postinst is shown with package, script and output": {
    package: { scripts: { postinst: failing } },
    code: "script-failed",
    says: ["postinst", "bad", "said on standard output", "said on standard error", /exit (code|status) 7/],
  },
  "a failing preinst is shown with package, script and output": {
    package: { scripts: { preinst: failing } },
    code: "script-failed",
    says: ["preinst", "bad 1.0", "said on standard output", "said on standard error", "exit code 7"],
  },
  "a package that takes another one's file is refused with both names": {
    package: { files: { "usr/bin/cat": "mine" } },
    code: "packages-share-file",
    says: ["bad", "tiny-base", "/usr/bin/cat"],
  },
};

for (const [name, { package: broken, ...told }] of Object.entries(packages)) {
  test(name, { skip }, async () => {
    await offer({ name: "bad", version: "1.0", ...broken });
    await runBadCase(world, {
      ...told,
      args: ["build"],
      prepare: () => {},
      // As the archive's people would: a new version, which the lock takes up.
      mend: async () => {
        await world.publish({ main: [{ name: "bad", version: "1.1" }] });
        await world.succeed("lock", "--update", "bad");
      },
    });
    assert.ok(!existsSync(outside));
  });
}

test("an entry below an absolute link lies inside the image and never on the host", { skip }, async () => {
  const below = join(world.folder, "below");
  const content = handMade([
    symlink("usr/share/way", world.folder),
    tarEntry({ path: "usr/share/way/below", content: "inside" }),
  ]);
  await offer({ name: "bad", version: "1.0", bytes: content });
  const { images } = parseJson<{ images: { layers: { digest: string }[] }[] }>(await world.succeed("build", "--json"));
  const paths = (images[0]?.layers ?? []).flatMap(({ digest }) => {
    const layer = readFileSync(join(world.home, "store/blobs", digest.replace(":", "/")));
    return [...readTar(gunzipSync(layer))].map((entry) => entry.path);
  });
  assert.ok(!existsSync(below));
  assert.ok(paths.includes(below.slice(1)), below);
});

test("a failing command is shown with its output, and the steps below it are kept", { skip }, async () => {
  await world.publish({ main: [] });
  const define = (command: string) => world.define(`  web: {base: debian:bookworm, run: ["${command}"]}\n`);
  define("echo before; false; echo never");
  await world.succeed("lock");
  await runBadCase(world, {
    args: ["build", "--explain"],
    code: "script-failed",
    says: ["echo before; false; echo never", /^ {2}before$/m, "exit code 1"],
    hint: /run:/,
    prepare: () => {},
    mend: () => define("echo before"),
  });
});

/** Publishes a package and locks it in, on top of what is built. */
async function offer(description: DebDescription): Promise<void> {
  await world.publish({ main: [description] });
  world.define("  web: {base: debian:bookworm, packages: [bad]}\n");
  await world.succeed("lock", "--update");
}
