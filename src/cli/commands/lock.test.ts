import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { makeIngotWorld } from "../../../test/support/ingot-world.ts";
import { parseJson, runIngot } from "../../../test/support/run-ingot.ts";
import type { DebDescription } from "../../../test/support/build-deb.ts";

const server = (version: string): DebDescription => ({
  name: "server",
  version,
  fields: { Depends: "library (>= 1)" },
});
const library = (version: string): DebDescription => ({ name: "library", version });

const world = await makeIngotWorld({ after }, { main: [server("1.0"), library("1.0")] });
world.define("  web: {base: debian:bookworm, packages: [server]}\n");
const lockText = () => readFileSync(world.lockPath, "utf8");

type Locked = { images: Record<string, { packages: { name: string; version: string; sha256: string }[] }> };
const versions = (text = lockText()) =>
  Object.fromEntries((JSON.parse(text) as Locked).images.web?.packages.map((item) => [item.name, item.version]) ?? []);

test("lock --check without a lock exits 4 and says what to do, and writes nothing", async () => {
  const result = await world.run(["lock", "--check"]);
  assert.deepEqual(result, { code: 4, stdout: "web: not locked yet\nnext: ingot lock\n", stderr: "" });
  assert.ok(!existsSync(world.lockPath));
});

test("lock writes every package with its version and hash, and says so in words and as an object", async () => {
  const result = parseJson(await world.succeed("lock", "--json"));
  const { lock, changed, moved } = result as { lock: string; changed: boolean; moved: unknown };
  assert.deepEqual({ lock, changed, moved }, { lock: world.lockPath, changed: true, moved: [] });
  assert.deepEqual(versions(), { library: "1.0", server: "1.0", "tiny-base": "1" });
  assert.match((JSON.parse(lockText()) as Locked).images.web?.packages[0]?.sha256 ?? "", /^[0-9a-f]{64}$/);
  const again = await world.succeed("lock");
  assert.equal(again.stdout, `${world.lockPath} is up to date: 1 image, 3 packages\n`);
  assert.equal((await world.run(["lock", "--check"])).code, 0);
});

test("lock leaves everything where it is though the archive has moved on, and lock diff tells what would move", async () => {
  const before = lockText();
  await world.publish({ main: [server("1.0"), library("1.0")], security: [server("1.1"), library("1.2")] });
  await world.succeed("lock");
  assert.equal(lockText(), before);
  const diff = await world.succeed("lock", "diff");
  assert.match(diff.stdout, /library 1\.0 → 1\.2.*security/);
  assert.match(diff.stdout, /server 1\.0 → 1\.1.*security/);
  assert.equal(lockText(), before);
});

test("lock --update NAME moves this package and no other", async () => {
  await world.succeed("lock", "--update", "library");
  assert.deepEqual(versions(), { library: "1.2", server: "1.0", "tiny-base": "1" });
});

test("lock diff of two files compares them without a network, and says so when they are the same", async () => {
  const other = join(world.folder, "other.lock");
  writeFileSync(other, lockText());
  const options = { env: { INGOT_DEBIAN_MIRROR: "http://127.0.0.1:2/debian" } };
  assert.equal((await world.run(["lock", "diff", other], options)).stdout, "the locks are the same\n");
  await world.succeed("lock", "--update");
  assert.deepEqual(versions(), { library: "1.2", server: "1.1", "tiny-base": "1" });
  const result = await world.run(["lock", "diff", other, world.lockPath, "--json"], options);
  const { images } = parseJson<{ images: { image: string; packages: object }[] }>(result);
  assert.equal(images.length, 1);
  assert.match(JSON.stringify(images), /"server"/);
  assert.doesNotMatch(JSON.stringify(images), /"library"/);
});

test("lock diff of two files needs no ingot.yaml", async () => {
  const outside = join(world.folder, "outside");
  mkdirSync(outside);
  const given = ["lock", "diff", join(world.folder, "other.lock"), world.lockPath];
  const env = { INGOT_HOME: world.home };
  const result = await runIngot(given, { cwd: outside, env });
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stdout, /server 1\.0 → 1\.1/);
  const alone = await runIngot(given.slice(0, 3), { cwd: outside, env });
  assert.match(alone.stderr, /code: definition-missing\n$/);
});

test("lock --update of a name that no image has is refused, for silence would look like success", async () => {
  const before = lockText();
  const result = await world.run(["lock", "--update", "sever"]);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /^error: ingot\.lock has no package "sever" to update\nhint: .*\ncode: usage\n$/);
  assert.equal(lockText(), before);
});

test("a changed definition makes the lock stale: lock --check exits 4 and build refuses", async () => {
  world.define("  web: {base: debian:bookworm, packages: [library]}\n");
  const check = await world.run(["lock", "--check", "--json"]);
  assert.equal(check.code, 4);
  const why = "its base, packages or recommends changed since it was locked";
  assert.deepEqual(parseJson(check), { lock: world.lockPath, stale: [{ image: "web", why }] });
  const build = await world.run(["build"]);
  assert.equal(build.code, 4);
  assert.match(build.stderr, /hint: ingot lock.*\ncode: lock-stale\n$/);
  const locked = await world.succeed("lock");
  assert.match(locked.stdout, /server 1\.1/);
  assert.deepEqual(versions(), { library: "1.2", "tiny-base": "1" });
});

test("a lock that is no lock is named with its place, and left as it is", async () => {
  const good = lockText();
  writeFileSync(world.lockPath, good.slice(0, 100));
  for (const args of [["lock"], ["lock", "--check"], ["build"]]) {
    const result = await world.run(args);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /ingot\.lock[^]*code: lock-malformed\n$/);
  }
  assert.equal(lockText(), good.slice(0, 100));
  writeFileSync(world.lockPath, good);
});
