import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { after } from "node:test";
import type { DebDescription } from "../../../test/support/build-deb.ts";
import { makeIngotWorld } from "../../../test/support/ingot-world.ts";
import { parseJson } from "../../../test/support/run-ingot.ts";
import { whyNoTinyDebian } from "../../../test/support/tiny-debian.ts";

const library = (version: string): DebDescription => ({ name: "library", version });
const tool = (version: string): DebDescription => ({ name: "tool", version });

const world = await makeIngotWorld({ after }, { main: [library("1.0"), tool("1.0")], security: [library("1.1")] });
world.define("  web: {base: debian:bookworm, packages: [library, tool]}\n");
const lockText = () => readFileSync(world.lockPath, "utf8");
const warning = /warning: web is locked without the security suite.*ingot lock --update --security/;

test("--security without --update, and together with --without-security, does not make sense", async () => {
  const alone = await world.run(["lock", "--security"]);
  assert.equal(alone.code, 2);
  assert.match(alone.stderr, /hint: ingot lock --update --security\ncode: usage\n$/);
  const both = await world.run(["lock", "--update", "--security", "--without-security"]);
  assert.equal(both.code, 2);
  assert.match(both.stderr, /contradict each other/);
});

test("a lock without the security suite warns with every lock, until a security update brings it in", async () => {
  const first = await world.run(["lock", "--without-security", "--json"]);
  assert.match(first.stderr, warning);
  assert.equal(parseJson<{ warnings: string[] }>(first).warnings.length, 1);
  assert.doesNotMatch(lockText(), /bookworm-security/);
  const text = lockText();
  assert.match((await world.run(["lock"])).stderr, warning);
  assert.match((await world.run(["lock", "--check"])).stderr, warning);
  assert.equal(lockText(), text);
});

test(
  "every build of such a lock warns, also one that has nothing to do",
  { skip: whyNoTinyDebian() ?? false },
  async () => {
    for (const again of [false, true]) {
      const built = await world.succeed("build", "--json");
      assert.match(built.stderr, warning, `again: ${again}`);
      assert.match(built.stdout, /"warnings":\["web is locked/);
    }
  },
);

test("a security update says what moves and leaves the rest, and lock diff says it before", async () => {
  await world.publish({ main: [library("1.0"), tool("1.0"), tool("2.0")], security: [library("1.1")] });
  const diff = await world.succeed("lock", "diff", "--security");
  const expected = "web: library 1.0 → 1.1 (security)\nweb: suite bookworm-security is used now\n";
  assert.equal(diff.stdout, expected);
  assert.match((await world.succeed("lock", "diff")).stdout, /tool 1\.0 → 2\.0/);
  const result = await world.succeed("lock", "--update", "--security");
  assert.ok(result.stdout.startsWith(expected), result.stdout);
  assert.doesNotMatch(result.stderr, warning);
  const named = await world.succeed("lock", "--update", "tool", "--security");
  assert.match(named.stderr, /warning: tool stays: the security suite has nothing newer/);
  assert.match(named.stdout, /up to date/);
});
