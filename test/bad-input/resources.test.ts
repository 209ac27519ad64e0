/** A full disk, two commands at once, a store whose files were damaged. */
import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { mount, mountFlags, unmount } from "../../src/ground/libc.ts";
import { makeIngotWorld, type IngotWorld } from "../support/ingot-world.ts";
import { parseJson } from "../support/run-ingot.ts";
import { whyNoTinyDebian } from "../support/tiny-debian.ts";
import { assertTold, assertWhole, readLock } from "./bad-case.ts";

const skip = whyNoTinyDebian() ?? false;
const skipDisk = skip || (process.getuid?.() === 0 ? false : "needs root, to mount a small disk");
const noise = Array.from({ length: 200_000 }, (_, at) => ((at * at * 2_654_435_761) >>> 7).toString(36)).join("");
const large = { name: "large", version: "1.0", files: { "usr/share/large": noise } };

async function makeWorld(t: TestContext): Promise<IngotWorld> {
  const world = await makeIngotWorld(t, { main: [large] });
  world.define("  web: {base: debian:bookworm, packages: [large]}\n");
  return world;
}

/** Runs `work` with a small disk in place of a folder, and tells it how to give the disk more room. */
async function withSmallDisk(folder: string, size: string, work: (grow: (size: string) => void) => Promise<void>) {
  mkdirSync(folder, { recursive: true });
  mount("tmpfs", folder, { type: "tmpfs", data: `size=${size}` });
  try {
    await work((more) => mount("tmpfs", folder, { type: "tmpfs", flags: mountFlags.remount, data: `size=${more}` }));
  } finally {
    unmount(folder);
  }
}

for (const [what, size] of [
  ["the archives", "2m"],
  ["the layers", "6m"],
] as const) {
  test(
    `a disk that is too small for ${what} is told, and the same build goes on when there is room`,
    { skip: skipDisk },
    async (t) => {
      const world = await makeWorld(t);
      await world.succeed("lock");
      // Caches lie elsewhere: how large Node's own is must not decide where the disk ends.
      renameSync(world.home, `${world.home}-before`);
      await withSmallDisk(world.home, size, async (grow) => {
        symlinkSync(`${world.home}-before/cache`, join(world.home, "cache"));
        const before = readLock(world);
        assertTold(await world.run(["build"]), { code: "disk-full", says: ["no space is left"], hint: /free/ });
        assert.equal(readLock(world), before);
        const check = await world.run(["gc", "--check"]);
        assert.equal(check.code, 0, check.stdout + check.stderr);
        grow("64m");
        await world.succeed("build");
        await world.succeed("gc", "--check");
      });
    },
  );
}

test("a disk that is too small for the lock is told, and the lock is as it was", { skip: skipDisk }, async (t) => {
  const world = await makeWorld(t);
  const cwd = join(world.folder, "small");
  await withSmallDisk(cwd, "64k", async (grow) => {
    copyFileSync(join(world.project, "ingot.yaml"), join(cwd, "ingot.yaml"));
    await world.run(["lock"], { cwd });
    const before = readFileSync(join(cwd, "ingot.lock"), "utf8");
    await world.publish({ main: [{ ...large, version: "1.1" }] });
    writeFileSync(join(cwd, "filler"), Buffer.alloc(65536 - 4096 * countBlocks(cwd)));
    const result = await world.run(["lock", "--update"], { cwd });
    assertTold(result, { code: "disk-full", says: ["no space"] });
    assert.equal(readFileSync(join(cwd, "ingot.lock"), "utf8"), before);
    assert.deepEqual(readdirSync(cwd).toSorted(), ["filler", "ingot.lock", "ingot.yaml"]);
    grow("1m");
    assert.equal((await world.run(["lock", "--update"], { cwd })).code, 0);
  });
});

/** Blocks of 4 KiB that files take on a tmpfs. */
function countBlocks(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + Math.ceil(statSync(join(folder, name)).size / 4096), 0);
}

test("two builds at once both end well, with the same images, and each layer is made once", { skip }, async (t) => {
  const world = await makeWorld(t);
  await world.succeed("lock");
  const before = readLock(world);
  type Built = { images: { digest: string; steps: { reused: boolean }[] }[] };
  const results = await Promise.all([world.run(["build", "--json"]), world.run(["build", "--json"])]);
  for (const result of results) assert.equal(result.code, 0, result.stderr);
  const [first, second] = results.map((result) => parseJson<Built>(result).images[0]);
  assert.equal(first?.digest, second?.digest);
  const reused = [first, second].filter((image) => image?.steps.every((step) => step.reused));
  assert.equal(reused.length, 1);
  await assertWhole(world, before);
});

test("two first locks, and a build and a collection, at once do each other no harm", { skip }, async (t) => {
  const world = await makeWorld(t);
  const locks = await Promise.all([world.run(["lock"]), world.run(["lock"])]);
  for (const result of locks) assert.equal(result.code, 0, result.stderr);
  const before = readLock(world);
  const both = await Promise.all([world.run(["build"]), world.run(["gc", "--grace", "0s"])]);
  for (const result of both) assert.equal(result.code, 0, result.stderr);
  await assertWhole(world, before);
  assert.match((await world.succeed("images")).stdout, /shop\/web/);
});

test("a damaged layer stops a build on top of it, and what the message says mends it", { skip }, async (t) => {
  const world = await makeWorld(t);
  const [layer] = await buildLayers(world);
  damage(blobPath(world, layer ?? ""));
  world.define('  web: {base: debian:bookworm, packages: [large], run: ["cat /usr/lib/os-release"]}\n');
  const before = readLock(world);
  const result = await world.run(["build"]);
  assertTold(result, {
    code: "store-damaged",
    exit: 4,
    says: [layer ?? ""],
    hint: /^ingot gc --check --remove-damaged/,
  });
  assert.equal(readLock(world), before);
  assert.equal((await world.run(["gc", "--check"])).code, 4);
  assert.equal((await world.run(["gc", "--check", "--remove-damaged"])).code, 4);
  await world.succeed("build");
  await assertWhole(world, before);
});

test(
  "a damaged archive of the vault stops a build that needs it, and what the message says mends it",
  { skip },
  async (t) => {
    const world = await makeWorld(t);
    await buildLayers(world);
    const vault = join(world.home, "vault");
    const paths = readdirSync(vault, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".deb"));
    for (const path of paths) damage(join(vault, path));
    const before = readLock(world);
    const result = await world.run(["build", "--no-cache"]);
    assertTold(result, {
      code: "deb-altered",
      exit: 4,
      says: [/(large|tiny-base) 1/],
      hint: /^ingot gc --check --remove-damaged/,
    });
    assert.equal((await world.run(["gc", "--check", "--remove-damaged"])).code, 4);
    assert.ok(paths.every((path) => !existsSync(join(vault, path))));
    await world.succeed("build", "--no-cache");
    await assertWhole(world, before);
  },
);

async function buildLayers(world: IngotWorld): Promise<readonly string[]> {
  const built = await world.succeed("build", "--json");
  const { images } = parseJson<{ images: { layers: { digest: string }[] }[] }>(built);
  return images[0]?.layers.map(({ digest }) => digest) ?? [];
}

function blobPath({ home }: IngotWorld, digest: string): string {
  return join(home, "store/blobs", digest.replace(":", "/"));
}

/** Changes one byte in the middle. */
function damage(path: string): void {
  const content = readFileSync(path);
  const middle = content.length >> 1;
  content[middle] = (content[middle] ?? 0) ^ 1;
  chmodSync(path, 0o644);
  writeFileSync(path, content);
}
