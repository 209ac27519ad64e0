/** The passphrase of a key stays in the process that a person gave it to. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import test from "node:test";
import { makeIngotWorld } from "../../test/support/ingot-world.ts";
import { runIngot } from "../../test/support/run-ingot.ts";
import { whyNoTinyDebian } from "../../test/support/tiny-debian.ts";
import { takeEnvironment } from "../ground/secret-environment.ts";

// Made anew in each run: the compiled form of this very file is in the cache that all tests share.
const passphrase = `a passphrase that nobody else may see ${randomUUID()}`;

/** Puts programs before all others that write their environment down and then do their work. Returns what they were given. */
function spyOn(folder: string, programs: readonly string[]) {
  const [bin, seen] = [join(folder, "bin"), join(folder, "seen")];
  for (const path of [bin, seen]) mkdirSync(path);
  for (const name of programs) {
    const path = join(bin, name);
    const rest = `PATH=\${PATH#*${delimiter}} exec ${name} "$@"`;
    writeFileSync(path, `#!/bin/sh\ncat /proc/$$/environ > '${seen}/${name}-'$$\n${rest}\n`);
    chmodSync(path, 0o755);
  }
  return {
    env: { PATH: `${bin}${delimiter}${process.env.PATH}`, INGOT_KEY_PASSPHRASE: passphrase },
    seen: () => readdirSync(seen).map((name) => ({ name, text: readFileSync(join(seen, name), "utf8") })),
  };
}

test("what is taken is gone from the environment that others inherit", () => {
  const environment = { INGOT_KEY_PASSPHRASE: passphrase, PATH: "/bin" };
  assert.deepEqual(takeEnvironment(environment), { INGOT_KEY_PASSPHRASE: passphrase, PATH: "/bin" });
  assert.deepEqual(environment, { PATH: "/bin" });
});

test("every command takes the passphrase out of what its children would inherit", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ingot-secret-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const last = join(folder, "environment-at-the-end");
  const spy = `import { writeFileSync } from "node:fs"; process.on("exit", () => writeFileSync("${last}", JSON.stringify(process.env)));`;
  writeFileSync(join(folder, "spy.mjs"), spy);
  const env = { NODE_OPTIONS: `--import=${join(folder, "spy.mjs")}`, INGOT_KEY_PASSPHRASE: passphrase };
  const { code, stderr } = await runIngot(["key", "generate", "tester"], {
    env: { ...env, INGOT_HOME: join(folder, "home") },
  });
  assert.equal(code, 0, stderr);
  assert.match(readFileSync(last, "utf8"), /"INGOT_HOME":/);
  assert.equal(readFileSync(last, "utf8").includes(passphrase), false);
});

test(
  "a signed build gives the passphrase to no program, and it is in nothing that the build leaves",
  { skip: whyNoTinyDebian() ?? false },
  async (t) => {
    const world = await makeIngotWorld(t);
    // What a build command sees of itself and of every process goes into the image, uncompressed below for this test to read.
    const look = "set > /seen; for one in /proc/[0-9]*; do cat $one/environ >> /seen 2>&1 || :; done";
    world.define(`  web: {base: debian:bookworm, run: ["${look}; case $(set) in *that?nobody*) false;; esac"]}\n`);
    const spy = spyOn(world.folder, ["git", "unshare", "sh"]);
    for (const command of [["key", "generate", "builder"], ["build"]]) {
      const { code, stdout, stderr } = await world.run(command, { env: spy.env });
      assert.equal(code, 0, stderr);
      assert.equal(`${stdout}${stderr}`.includes(passphrase), false);
    }
    const seen = spy.seen();
    for (const name of ["git", "unshare"])
      assert.ok(
        seen.some((one) => one.name.startsWith(`${name}-`)),
        name,
      );
    assert.deepEqual(
      seen.filter(({ text }) => text.includes(passphrase)).map(({ name }) => name),
      [],
    );
    const left = readdirSync(world.home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const { parentPath, name } of left)
      assert.equal(readFileSync(join(parentPath, name)).includes(passphrase), false, join(parentPath, name));
  },
);
