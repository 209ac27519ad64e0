import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { makeIngotWorld } from "../../../test/support/ingot-world.ts";
import { parseJson } from "../../../test/support/run-ingot.ts";
import { whyNoTinyDebian } from "../../../test/support/tiny-debian.ts";
import type { ImageDiff } from "../../image/image-diff.ts";

const skip = whyNoTinyDebian() ?? false;
const hello = (version: string) => ({ name: "hello", version, files: { "usr/share/hello": `hello ${version}` } });

test("diff says which packages, files and settings differ, and what an update sends", { skip }, async (t) => {
  const world = await makeIngotWorld(t, { main: [hello("1"), { name: "extra", version: "3" }] });
  const page = join(world.project, "page");
  writeFileSync(page, "one");
  const define = (packages: string, more: string) =>
    world.define(`  web: {base: debian:bookworm, packages: [${packages}], files: {/srv/page: ./page}, ${more}}\n`);
  define("hello", "command: [/bin/sh]");
  const first = await buildDigest();
  await world.publish({ main: [hello("2"), { name: "extra", version: "3" }] });
  await world.succeed("lock", "--update");
  writeFileSync(page, "two");
  define("hello, extra", "command: [/bin/cat]");
  await world.succeed("lock");
  const second = await buildDigest();

  const { stdout } = await world.succeed("diff", first, "shop/web");
  const [from, to, ...lines] = stdout.trimEnd().split("\n");
  assert.deepEqual([from, to], [`from ${first}`, `to   ${second}`]);
  for (const line of [
    "packages:",
    "  + extra 3",
    "  ~ hello 1 → 2",
    "files:",
    "  ~ /srv/page (content 3 → 3 bytes)",
    "  ~ /usr/share/hello (content 7 → 7 bytes)",
    "configuration:",
  ])
    assert.ok(lines.includes(line), `${line} is not in\n${stdout}`);
  assert.match(stdout, /\["\/bin\/sh"\] → \["\/bin\/cat"\]/);
  assert.match(lines.at(-1) ?? "", /^size: .* → .*; an update sends .*$/);

  const diff = parseJson<ImageDiff>(await world.succeed("diff", first, second, "--json"));
  assert.deepEqual(diff.packages, {
    added: [{ name: "extra", version: "3" }],
    removed: [],
    changed: [{ name: "hello", from: "1", to: "2" }],
  });
  assert.ok(diff.size.sent > 0 && diff.size.sent < diff.size.to);
  assert.equal((await world.succeed("diff", first, first)).stdout, "the same image\n");

  async function buildDigest(): Promise<string> {
    const { images } = parseJson<{ images: { digest: string }[] }>(await world.succeed("build", "--json"));
    return images[0]?.digest ?? "";
  }
});

test("diff of an image that is not there names the ones that are", async (t) => {
  const world = await makeIngotWorld(t);
  const { code, stderr } = await world.run(["diff", "shop/web", "shop/wbe"]);
  assert.equal(code, 1);
  assert.match(stderr, /^error: the store has no image "shop\/web"\n[^]*code: reference-unknown\n$/);
  assert.equal((await world.run(["diff", "shop/web"])).code, 2);
});
