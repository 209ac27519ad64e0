import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { processContext } from "../../ground/context.ts";
import { openStore } from "../layout.ts";
import type { TarEntry } from "../tar/entry.ts";
import { tarEntry } from "../tar/tar-entry.fixture.ts";
import { putTinyImage } from "../tiny-image.fixture.ts";
import { layerBlobs, readImage } from "../read-image.ts";
import { readLayerFiles } from "./read-layer-files.ts";

const passwd = tarEntry({ path: "etc/passwd", content: "root" });

/** Reads files of a real image in a store, made of these layers, lowest first; contents as text. */
async function read(
  t: TestContext,
  made: readonly (readonly TarEntry[])[],
  paths: readonly string[] = ["etc/passwd"],
  limit: { readonly largest?: number } = {},
): Promise<Readonly<Record<string, string>>> {
  const home = mkdtempSync(join(tmpdir(), "layer-files-"));
  t.after(() => rmSync(home, { recursive: true }));
  const ctx = processContext({ home });
  const layout = openStore(ctx);
  const { manifest, config } = readImage(layout, putTinyImage(layout, { layers: made }).digest);
  const layers = layerBlobs(manifest, config, "test");
  const files = await readLayerFiles(ctx, { layout, layers, ...limit }, paths);
  return Object.fromEntries([...files].map(([path, content]) => [path, content.toString()]));
}

test("the upper-most layer that has a path decides, and what no layer has is left out", async (t) => {
  const upper = [tarEntry({ path: "etc/passwd", content: "new" })];
  const lower = [passwd, tarEntry({ path: "etc/group", content: "staff" })];
  assert.deepEqual(await read(t, [lower, upper], ["etc/passwd", "etc/group", "etc/shadow"]), {
    "etc/passwd": "new",
    "etc/group": "staff",
  });
});

const hiding: Readonly<Record<string, readonly TarEntry[]>> = {
  "a whiteout of the file": [tarEntry({ path: "etc/.wh.passwd" })],
  "a whiteout of the folder above it": [tarEntry({ path: ".wh.etc" })],
  "a whiteout of the folder, which the same layer makes anew": [
    tarEntry({ path: ".wh.etc" }),
    tarEntry({ path: "etc", type: "directory" }),
  ],
  "an opaque folder": [tarEntry({ path: "etc", type: "directory" }), tarEntry({ path: "etc/.wh..wh..opq" })],
  "an opaque root": [tarEntry({ path: ".wh..wh..opq" })],
  "a file in the place of the folder": [tarEntry({ path: "etc", content: "no folder" })],
  "a link in the place of the folder": [tarEntry({ path: "etc", type: "symlink", linkname: "usr/etc" })],
  "a link in the place of the file": [tarEntry({ path: "etc/passwd", type: "symlink", linkname: "/usr/passwd" })],
};

for (const [name, layer] of Object.entries(hiding)) {
  test(`${name} hides what lower layers have`, async (t) => {
    assert.deepEqual(await read(t, [[passwd], layer]), {});
  });
}

test("a whiteout hides nothing of its own layer or of those above, and nothing beside it", async (t) => {
  const whiteout = tarEntry({ path: ".wh.etc" });
  assert.deepEqual(await read(t, [[], [whiteout, passwd]]), { "etc/passwd": "root" });
  assert.deepEqual(await read(t, [[whiteout], [passwd]]), { "etc/passwd": "root" });
  assert.deepEqual(await read(t, [[passwd], [tarEntry({ path: "etc/.wh.pass" })]]), { "etc/passwd": "root" });
});

test("a folder that an upper layer only describes again hides nothing", async (t) => {
  assert.deepEqual(await read(t, [[passwd], [tarEntry({ path: "etc", type: "directory" })]]), { "etc/passwd": "root" });
});

test("a hard link keeps the content of a first name that is in a lower layer, or that an upper one takes away", async (t) => {
  const first = tarEntry({ path: "a", content: "shared" });
  const link = tarEntry({ path: "etc/b", type: "hardlink", linkname: "a" });
  const gone = tarEntry({ path: ".wh.a" });
  assert.deepEqual(await read(t, [[first, link], [gone]], ["a", "etc/b"]), { "etc/b": "shared" });
  assert.deepEqual(await read(t, [[first], [link]], ["etc/b"]), { "etc/b": "shared" });
  assert.deepEqual(await read(t, [[first], [link], [gone]], ["a", "etc/b"]), { "etc/b": "shared" });
  const second = tarEntry({ path: "a", content: "another" });
  assert.deepEqual(await read(t, [[first], [link], [second]], ["a", "etc/b"]), { a: "another", "etc/b": "shared" });
  const dotted = tarEntry({ path: "etc/b", type: "hardlink", linkname: "./a" });
  assert.deepEqual(await read(t, [[first, dotted]], ["etc/b"]), { "etc/b": "shared" });
});

test("what is too large is left out, and nothing below it is taken for it", async (t) => {
  const large = tarEntry({ path: "etc/passwd", content: "x".repeat(11) });
  const link = tarEntry({ path: "b", type: "hardlink", linkname: "etc/passwd" });
  assert.deepEqual(await read(t, [[passwd], [large, link]], ["etc/passwd", "b"], { largest: 10 }), {});
});

test("a hard link has the content of its first name", async (t) => {
  const layer = [tarEntry({ path: "a", content: "shared" }), tarEntry({ path: "b", type: "hardlink", linkname: "a" })];
  assert.deepEqual(await read(t, [layer], ["b"]), { b: "shared" });
});
