import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after, type TestContext } from "node:test";
import { findLeftovers, makeIngotWorld, type IngotWorld } from "../../../test/support/ingot-world.ts";
import { parseJson } from "../../../test/support/run-ingot.ts";
import { whyNoTinyDebian } from "../../../test/support/tiny-debian.ts";

const skip = whyNoTinyDebian() ?? false;
const hello = (version: string) => ({ name: "hello", version, files: { "usr/share/hello": version } });
const world = await makeIngotWorld({ after }, { main: [hello("1")] });
world.define("  web: {base: debian:bookworm, packages: [hello]}\n");

const build = async (): Promise<string> => {
  const { images } = parseJson<{ images: { digest: string }[] }>(await world.succeed("build", "--json"));
  return images[0]?.digest ?? "";
};
const blobs = (): readonly string[] => readdirSync(join(world.home, "store/blobs/sha256"));
const gc = async (...args: string[]) =>
  parseJson<{ freed: number; blobs: { digest: string }[]; vault: { files: number } }>(
    await world.succeed("gc", "--json", ...args),
  );
type Checked = { findings: { place: string; path: string; what: string }[]; removed: string[] };

test(
  "gc frees the layers of a former version, and only when they are old; --dry-run only says so",
  { skip },
  async () => {
    const first = await build();
    await world.publish({ main: [hello("2")] });
    await world.succeed("lock", "--update");
    const second = await build();
    const before = blobs();
    assert.equal((await gc()).blobs.length, 0);
    const would = await gc("--grace", "0s", "--dry-run");
    assert.deepEqual(blobs(), before);
    assert.ok(would.blobs.some(({ digest }) => digest === first));
    const { stdout } = await world.succeed("gc", "--grace", "0s");
    assert.match(stdout, /^freed .*:\n {2}store: \d+ blobs, 0 temporary files, /);
    assert.equal(blobs().length, before.length - would.blobs.length);
    assert.equal((await world.run(["gc", "--check"])).stdout, "store, vault and content are whole\n");
    assert.equal(await build(), second);
  },
);

test("gc --vault drops the archives that the named locks do not need, and no others", { skip }, async () => {
  const archives = () =>
    readdirSync(join(world.home, "vault"), { recursive: true }).filter((path) => String(path).endsWith(".deb"));
  assert.equal(archives().length, 3);
  const { vault } = await gc("--vault", world.lockPath);
  assert.deepEqual([vault.files, archives().length], [1, 2]);
  const missing = await world.run(["gc", "--vault", join(world.folder, "no.lock")]);
  assert.match(missing.stderr, /no\.lock[^]*code: lock-missing\n$/);
  assert.equal(archives().length, 2);
});

test("gc takes away what killed processes left half-written", { skip }, async () => {
  for (const path of [
    "store/index.json.1-a.tmp",
    "store/ingest/1-b",
    "cache/steps/c.json.1-d.tmp",
    "cache/seals/e.json.1-f.tmp",
    "cache/builds/shop/g.json.1-h.tmp",
  ]) {
    mkdirSync(join(world.home, path, ".."), { recursive: true });
    writeFileSync(join(world.home, path), "half");
  }
  assert.equal(findLeftovers(world.home).length, 5);
  await gc();
  assert.equal(findLeftovers(world.home).includes("cache/seals/e.json.1-f.tmp"), true);
  await gc("--grace", "0s");
  assert.deepEqual(findLeftovers(world.home), []);
  assert.equal((await world.run(["gc", "--check"])).code, 0);
});

for (const [place, damage] of [
  ["store", "alters"],
  ["store", "cuts"],
  ["store", "removes"],
  ["vault", "alters"],
] as const) {
  test(
    `what ${damage} a file of the ${place} is found by gc --check, and mended by --remove-damaged and a build`,
    { skip },
    async (t) => {
      const digest = await build();
      const path = largestFile(t, world, place);
      if (damage === "removes") rmSync(path);
      else if (damage === "cuts") truncateSync(path, 100);
      else writeFileSync(path, Buffer.alloc(statSync(path).size, 1));
      const found = await world.run(["gc", "--check", "--json"]);
      assert.equal(found.code, 4);
      const { findings, removed } = parseJson<Checked>(found);
      assert.deepEqual([findings.length, findings[0]?.place, findings[0]?.path, removed], [1, place, path, []]);
      const told = await world.run(["gc", "--check", "--remove-damaged"]);
      assert.equal(told.code, 4);
      assert.match(told.stdout, /removed \d damaged files; next: ingot build/);
      assert.ok(!existsSync(path));
      assert.equal(await build(), digest);
      assert.equal((await world.run(["gc", "--check"])).code, 0);
    },
  );
}

for (const name of ["index.json", "oci-layout"]) {
  for (const damage of ["", "{", "null", "{}"]) {
    test(
      `a store whose ${name} became ${JSON.stringify(damage)} says what mends it, and is mended by that`,
      { skip },
      async () => {
        const digest = await build();
        writeFileSync(join(world.home, "store", name), damage);
        const images = await world.run(["images"]);
        assert.equal(images.code, 1);
        assert.match(
          images.stderr,
          new RegExp(`${name} [^]*hint: .*ingot gc --check --remove-damaged[^]*code: layout-unusable\n$`),
        );
        const told = await world.run(["gc", "--check", "--remove-damaged"]);
        assert.equal(told.code, 4);
        assert.match(told.stdout, new RegExp(`^store: .*/${name}: damaged[^]*removed 1 damaged file`));
        assert.equal(await build(), digest);
        assert.equal((await world.run(["gc", "--check"])).code, 0);
      },
    );
  }
}

function largestFile(t: TestContext, { home }: IngotWorld, place: "store" | "vault"): string {
  const folder = join(home, place);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => join(folder, path));
  const [largest = ""] = files
    .filter((path) => statSync(path).isFile())
    .toSorted((a, b) => statSync(b).size - statSync(a).size);
  chmodSync(largest, 0o644);
  t.diagnostic(`damaged ${largest.slice(home.length)}`);
  return largest;
}

test(
  "gc --forget takes names out so that their images go, and none where one of them is not there",
  { skip },
  async () => {
    await build();
    const wrong = await world.run(["gc", "--forget", "web", "absent"]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /has no name absent[^]*code: reference-unknown\n$/);
    const names = async () =>
      parseJson<{ images: { name: string }[] }>(await world.succeed("images", "--json")).images.map(({ name }) => name);
    assert.deepEqual(await names(), ["shop/web"]);
    await world.succeed("gc", "--forget", "web", "--dry-run");
    assert.deepEqual(await names(), ["shop/web"]);
    await world.succeed("gc", "--forget", "web", "--grace", "0s");
    assert.deepEqual(await names(), []);
    assert.deepEqual(blobs(), []);
  },
);

test("gc refuses options that would be left unheard, and removes nothing", async () => {
  for (const args of [
    ["--remove-damaged"],
    ["--check", "--dry-run"],
    ["--check", "--vault", world.lockPath],
    ["--check", "--remove-damaged", "--forget", "web"],
  ]) {
    const result = await world.run(["gc", ...args]);
    assert.equal(result.code, 2, args.join(" "));
    assert.match(result.stderr, /^error: expected .*--check[^]*hint: ingot gc .*\ncode: usage\n$/);
  }
});
