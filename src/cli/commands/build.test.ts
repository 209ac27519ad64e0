import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { makeIngotWorld } from "../../../test/support/ingot-world.ts";
import { parseJson } from "../../../test/support/run-ingot.ts";
import { whyNoTinyDebian } from "../../../test/support/tiny-debian.ts";

const skip = whyNoTinyDebian() ?? false;
const hello = { name: "hello", version: "1", files: { "usr/share/hello": "hello" } };
const world = await makeIngotWorld({ after }, { main: [hello] });
const page = join(world.project, "index.html");
writeFileSync(page, "one");
world.define(`  base: {base: debian:bookworm}
  web:
    base: image:base
    packages: [hello]
    files: {/srv/index.html: ./index.html}
    run: [cat /usr/share/hello /srv/index.html > /srv/both]
`);

type Step = { name: string; kind: string; reused: boolean; why: string };
type Layer = { digest: string; size: number; title: string };
type Image = { name: string; digest: string; size: number; layers: Layer[]; seconds: number; steps: Step[] };
const build = async (...args: string[]) =>
  parseJson<{ images: Image[] }>(await world.succeed("build", "--json", ...args)).images;

test("without a lock build locks first, says so, and reports every image as one object", { skip }, async () => {
  const result = await world.run(["build", "--json"]);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /there is no .*ingot\.lock yet: locking first/);
  const { images } = parseJson<{ images: Image[] }>(result);
  assert.deepEqual(
    images.map((image) => image.name),
    ["base", "web"],
  );
  for (const image of images) {
    assert.match(image.digest, /^sha256:[0-9a-f]{64}$/);
    assert.equal(
      image.size,
      image.layers.reduce((sum, layer) => sum + layer.size, 0),
    );
    assert.ok(image.seconds > 0);
    for (const layer of image.layers) {
      const blob = join(world.home, "store/blobs", layer.digest.replace(":", "/"));
      assert.equal(readFileSync(blob).length, layer.size);
    }
  }
  const [base, web] = images;
  assert.deepEqual(web?.layers.slice(0, base?.layers.length), base?.layers);
});

test("a build with nothing to do gives the same digests, and so does one without the cache", { skip }, async () => {
  const digests = (images: Image[]) => images.map((image) => image.digest);
  const first = await build();
  assert.ok(first.every((image) => image.steps.every((step) => step.reused)));
  const again = await build("--no-cache");
  assert.ok(again.every((image) => image.steps.every((step) => !step.reused && step.why === "the cache was not used")));
  assert.deepEqual(digests(again), digests(first));
});

test(
  "--explain says of each step why it was made or reused, and a changed file makes only what stands on it",
  { skip },
  async () => {
    writeFileSync(page, "two");
    const { stdout } = await world.succeed("build", "web", "--explain");
    const lines = stdout.trimEnd().split("\n");
    assert.match(lines[0] ?? "", /^shop\/web {2}sha256:[0-9a-f]{64} {2}\d+ layers, .*, 2 of 3 steps made, /);
    assert.match(lines[1] ?? "", /^ {2}reused {2}packages hello: its inputs are the same$/);
    assert.match(lines[2] ?? "", /^ {2}made {4}files .*index\.html/);
    assert.match(lines[3] ?? "", /^ {2}made {4}run /);
    assert.equal(lines.length, 4);
  },
);

test("only the images asked for are built, in the order asked for, and an unknown one is named", { skip }, async () => {
  assert.deepEqual(
    (await build("base")).map((image) => image.name),
    ["base"],
  );
  assert.deepEqual(
    (await build("web", "base")).map((image) => image.name),
    ["web", "base"],
  );
  const { code, stderr } = await world.run(["build", "wbe"]);
  assert.equal(code, 1);
  assert.match(stderr, /defines no image "wbe"\n {2}it defines: base, web\n[^]*code: image-unknown\n$/);
});

test(
  "a lock still builds after the mirror is gone, from the vault, and on another home it says what is missing",
  { skip },
  async () => {
    for (const name of ["builds", "seals", "steps"]) rmSync(join(world.home, "cache", name), { recursive: true });
    const env = { INGOT_DEBIAN_MIRROR: `file:${world.folder}/nowhere` };
    assert.equal((await world.run(["build", "--no-cache"], { env })).code, 0);
    const other = await world.run(["build"], { env: { ...env, INGOT_HOME: join(world.folder, "other") } });
    assert.equal(other.code, 1);
    assert.match(other.stderr, /tiny-base 1[^]*hint: [^]*code: download-missing\n$/);
  },
);

test("another folder, umask, time zone and locale give the same digests", { skip }, async () => {
  const [, web] = await build();
  const elsewhere = join(world.folder, "else where");
  mkdirSync(elsewhere);
  for (const name of ["ingot.yaml", "ingot.lock", "index.html"])
    writeFileSync(join(elsewhere, name), readFileSync(join(world.project, name)));
  const before = process.umask(0o077);
  const env = {
    INGOT_HOME: join(elsewhere, "home"),
    TZ: "Pacific/Auckland",
    LC_ALL: "tr_TR.UTF-8",
    LANG: "tr_TR.UTF-8",
  };
  const result = await world.run(["build", "--json"], { cwd: elsewhere, env });
  process.umask(before);
  assert.equal(parseJson<{ images: Image[] }>(result).images[1]?.digest, web?.digest, result.stderr);
  assert.ok(existsSync(join(elsewhere, "home/vault")));
});
