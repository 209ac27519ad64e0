import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { Descriptor } from "../descriptor.ts";
import { digestOf } from "../digest.ts";
import { openLayout, type Layout } from "../layout.ts";
import { mediaTypes } from "../media-types.ts";
import type { TarEntry } from "../tar/entry.ts";
import { readTar } from "../tar/read.ts";
import { tarEntry } from "../tar/tar-entry.fixture.ts";
import { writeTar } from "../tar/write.ts";
import { flattenLayers, mergedTarChunks, type MergedTree } from "./flatten-layers.ts";
import { openLayerTar, type LayerTar } from "./layer-tar.ts";
import { openLayer } from "./open-layer.ts";

const file = (path: string, content = path): TarEntry => tarEntry({ path, content });
const folder = (path: string, mode = 0o755): TarEntry => tarEntry({ path, type: "directory", mode });
const symlink = (path: string, linkname: string): TarEntry => tarEntry({ path, type: "symlink", linkname });
const hardlink = (path: string, linkname: string): TarEntry => tarEntry({ path, type: "hardlink", linkname });

function temporaryLayout(t: TestContext): Layout {
  const path = mkdtempSync(join(tmpdir(), "ingot-layers-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return openLayout(path);
}

function put(layout: Layout, content: Buffer, mediaType: string): Descriptor {
  return { mediaType, digest: layout.putBlob(content), size: content.length };
}

async function open(t: TestContext, layers: readonly (readonly TarEntry[])[], memory = 1 << 20): Promise<LayerTar[]> {
  const layout = temporaryLayout(t);
  const opened = await Promise.all(
    layers.map((entries) =>
      openLayerTar(layout, put(layout, gzipSync(writeTar(entries)), mediaTypes.layerGzip), { memory }),
    ),
  );
  t.after(() => opened.forEach((layer) => layer[Symbol.dispose]()));
  return opened;
}

async function flatten(t: TestContext, ...layers: TarEntry[][]): Promise<MergedTree> {
  return flattenLayers(await open(t, layers));
}

const pathsOf = (tree: MergedTree): string[] => [...tree.entries.keys()];

test("a layer is read plain, gzipped and as zstd", async (t) => {
  const layout = temporaryLayout(t);
  const tar = writeTar([file("a")]);
  const diffId = digestOf(tar);
  for (const layer of [
    put(layout, tar, mediaTypes.layerTar),
    put(layout, gzipSync(tar), mediaTypes.layerGzip),
    put(layout, gzipSync(tar), mediaTypes.dockerLayerGzip),
    put(layout, zstdCompressSync(tar), mediaTypes.layerZstd),
  ]) {
    assert.deepEqual(Buffer.concat(await Array.fromAsync(openLayer(layout, layer, { diffId }))), tar);
    for (const memory of [1 << 20, 100]) {
      using opened = await openLayerTar(layout, layer, { diffId, memory });
      assert.deepEqual(
        opened.entries.map(({ header }) => header.path),
        ["a"],
      );
      assert.equal(Buffer.concat([...opened.read(512, 1)]).toString(), "a");
    }
  }
  assert.deepEqual(readdirSync(join(layout.folder, "ingest")), []);
});

test("a layer that does not unpack to its diffId is refused", async (t) => {
  const layout = temporaryLayout(t);
  const layer = put(layout, gzipSync(writeTar([file("a")])), mediaTypes.layerGzip);
  const diffId = digestOf("another");
  await assert.rejects(Array.fromAsync(openLayer(layout, layer, { diffId })), { code: "layer-malformed" });
  await assert.rejects(openLayerTar(layout, layer, { diffId }), { code: "layer-malformed" });
  await assert.rejects(openLayerTar(layout, layer, { diffId, memory: 100 }), { code: "layer-malformed" });
});

test("a layer whose blob was altered, is missing or is no gzip is refused", async (t) => {
  const layout = temporaryLayout(t);
  const layer = put(layout, gzipSync(writeTar([file("a")])), mediaTypes.layerGzip);
  const other = gzipSync(writeTar([file("b")]));
  rmSync(layout.blobPath(layer.digest));
  await assert.rejects(Array.fromAsync(openLayer(layout, layer)), { code: "blob-missing" });
  writeFileSync(layout.blobPath(layer.digest), other);
  await assert.rejects(Array.fromAsync(openLayer(layout, layer)), { code: "store-damaged" });
  await assert.rejects(openLayerTar(layout, layer), { code: "store-damaged" });
  const noGzip = put(layout, Buffer.from("plain text"), mediaTypes.layerGzip);
  await assert.rejects(Array.fromAsync(openLayer(layout, noGzip)), { code: "layer-malformed" });
  await assert.rejects(openLayerTar(layout, noGzip), { code: "layer-malformed" });
  const encrypted = put(layout, other, `${mediaTypes.layerGzip}+encrypted`);
  await assert.rejects(openLayerTar(layout, encrypted), { code: "manifest-unsupported" });
});

test("a layer that unpacks to more than the memory allows goes through a file that leaves nothing", async (t) => {
  const layout = temporaryLayout(t);
  const bomb = put(layout, gzipSync(writeTar([file("zeros", "\0".repeat(8 << 20)), file("b")])), mediaTypes.layerGzip);
  using opened = await openLayerTar(layout, bomb, { memory: 1 << 20 });
  const [zeros, b] = opened.entries;
  assert.equal(Buffer.concat([...opened.read(zeros!.offset, zeros!.header.size)]).length, 8 << 20);
  assert.equal(String(Buffer.concat([...opened.read(b!.offset, 1)])), "b");
  assert.deepEqual(readdirSync(join(layout.folder, "ingest")), []);
});

test("a small layer that unpacks to far more than its size is refused before it fills the disk", async (t) => {
  const layout = temporaryLayout(t);
  const tar = writeTar([file("zeros", "\0".repeat(32 << 20))]);
  for (const bomb of [
    put(layout, gzipSync(tar), mediaTypes.layerGzip),
    put(layout, zstdCompressSync(tar), mediaTypes.layerZstd),
  ]) {
    const limits = { freely: 4 << 20, memory: 1 << 20 };
    await assert.rejects(openLayerTar(layout, bomb, limits), { code: "layer-malformed" });
    await assert.rejects(openLayerTar(layout, { ...bomb, size: 1e12 }, limits), { code: "layer-malformed" });
    assert.deepEqual(readdirSync(join(layout.folder, "ingest")), []);
    using whole = await openLayerTar(layout, bomb, { memory: 1 << 20 });
    assert.equal(whole.entries.length, 1);
  }
});

test("a gzip that lies about its size is read all the same", async (t) => {
  const layout = temporaryLayout(t);
  const tar = writeTar([file("a", "x".repeat(100_000))]);
  // Of two members the last four bytes tell only the second one's size.
  const members = Buffer.concat([gzipSync(tar.subarray(0, 90_000)), gzipSync(tar.subarray(90_000))]);
  using opened = await openLayerTar(layout, put(layout, members, mediaTypes.layerGzip), { diffId: digestOf(tar) });
  assert.equal(opened.entries[0]?.header.size, 100_000);
});

test("an upper layer replaces files, and keeps what a folder holds", async (t) => {
  const tree = await flatten(
    t,
    [folder("etc", 0o700), file("etc/a", "old"), file("etc/b")],
    [folder("etc", 0o755), file("etc/a", "new")],
  );
  assert.deepEqual(pathsOf(tree), ["", "etc", "etc/a", "etc/b"]);
  assert.equal(String(tree.readFile("etc/a")), "new");
  assert.equal(tree.entries.get("etc")?.header.mode, 0o755);
});

test("a file replaces a folder with all it holds, and a folder replaces a file", async (t) => {
  const tree = await flatten(t, [folder("a"), file("a/b"), file("c")], [file("a"), folder("c"), file("c/d")]);
  assert.deepEqual(pathsOf(tree), ["", "a", "c", "c/d"]);
});

test("a whiteout hides a lower file or folder, and not its own layer's, whatever the order", async (t) => {
  const lower = [file("a"), folder("b"), file("b/c"), file("d", "old")];
  const tree = await flatten(t, lower, [file("d", "new"), file(".wh.d", ""), file(".wh.a", ""), file(".wh.b", "")]);
  assert.deepEqual(pathsOf(tree), ["", "d"]);
  assert.equal(String(tree.readFile("d")), "new");
});

test("an opaque folder hides all that lower layers put there", async (t) => {
  const lower = [folder("a"), file("a/old"), folder("a/b"), file("a/b/old")];
  const tree = await flatten(t, lower, [
    folder("a"),
    file("a/new"),
    file("a/.wh..wh..opq", ""),
    file(".wh..wh.plnk", ""),
  ]);
  assert.deepEqual(pathsOf(tree), ["", "a", "a/new"]);
});

test("a path through a lower layer's symlink goes where the link points", async (t) => {
  const lower = [
    folder("usr"),
    folder("usr/lib"),
    symlink("lib", "usr/lib"),
    symlink("abs", "/usr/lib"),
    file("usr/lib/old"),
  ];
  const tree = await flatten(t, lower, [file("lib/new"), file("abs/other"), file("lib/.wh.old", "")]);
  assert.deepEqual(pathsOf(tree), ["", "abs", "lib", "usr", "usr/lib", "usr/lib/new", "usr/lib/other"]);
  assert.equal(String(tree.readFile("lib/new")), "lib/new");
});

test("a symlink that points out of the root stays inside", async (t) => {
  const attack = [
    symlink("out", "../../.."),
    file("out/etc/passwd", "evil"),
    symlink("abs", "/"),
    file("abs/root/key", "evil"),
  ];
  const tree = await flatten(t, attack);
  assert.deepEqual(pathsOf(tree), ["", "abs", "etc", "etc/passwd", "out", "root", "root/key"]);
  const outside = mkdtempSync(join(tmpdir(), "ingot-contained-"));
  t.after(() => rmSync(outside, { recursive: true, force: true }));
  const inside = join(outside, "one/two/root");
  mkdirSync(inside, { recursive: true });
  const archive = Buffer.concat([...mergedTarChunks(await open(t, [attack]), tree)]);
  execFileSync("tar", ["-C", inside, "-xpf", "-"], { input: archive });
  const found = execFileSync("find", [outside, "-mindepth", "1", "-not", "-path", `${inside}/*`], { encoding: "utf8" });
  assert.deepEqual(
    found.trimEnd().split("\n"),
    ["one", "one/two", "one/two/root"].map((path) => join(outside, path)),
  );
});

test("symlinks in a circle are refused", async (t) => {
  await assert.rejects(flatten(t, [symlink("a", "b"), symlink("b", "a"), file("a/c")]), { code: "layer-malformed" });
});

test("a path below a file, and a hard link to nothing or to a folder, are refused", async (t) => {
  const refused = { code: "layer-malformed" };
  await assert.rejects(flatten(t, [file("a"), file("a/b")]), refused);
  await assert.rejects(flatten(t, [hardlink("a", "missing")]), refused);
  await assert.rejects(flatten(t, [folder("b"), hardlink("a", "b")]), refused);
});

test("hard links stay one file, and come after it, whichever layers they are in", async (t) => {
  const layers = await open(t, [[file("m", "text")], [hardlink("z", "m"), hardlink("a", "m")], [file("m", "other")]]);
  const tree = flattenLayers(layers);
  const kinds = [...tree.entries.values()].map(({ header }) => [header.path, header.type, header.linkname]);
  assert.deepEqual(kinds, [
    ["", "directory", ""],
    ["a", "file", ""],
    ["m", "file", ""],
    ["z", "hardlink", "a"],
  ]);
  assert.equal(String(tree.readFile("z")), "text");
});

test("a hard link to a symlink keeps the symlink", async (t) => {
  const tree = await flatten(t, [symlink("a", "/etc/shadow"), hardlink("b", "a")]);
  assert.equal(tree.entries.get("b")?.header.type, "symlink");
});

test("device nodes are reported", async (t) => {
  const device = tarEntry({ path: "dev/sda", type: "block", device: { major: 8, minor: 0 } });
  assert.deepEqual((await flatten(t, [folder("dev"), device, file("a")])).devices, ["dev/sda"]);
});

test("a folder nobody described is made as engines make it", async (t) => {
  const { header } = (await flatten(t, [file("a/b/c")])).entries.get("a/b") ?? {};
  assert.deepEqual([header?.type, header?.mode, header?.uid, header?.mtime], ["directory", 0o755, 0, 0]);
});

test("the merged archive is the same from memory and from files", async (t) => {
  const layers = [[folder("a"), file("a/b", "x".repeat(3000)), hardlink("a/c", "a/b")], [file("d", "y")]];
  const merged = async (memory: number): Promise<Buffer> => {
    const opened = await open(t, layers, memory);
    return Buffer.concat([...mergedTarChunks(opened, flattenLayers(opened))]);
  };
  const archive = await merged(1 << 20);
  assert.deepEqual(await merged(100), archive);
  assert.deepEqual(
    [...readTar(archive)].map(({ path, content }) => [path, content.length]),
    [
      ["", 0],
      ["a", 0],
      ["a/b", 3000],
      ["a/c", 0],
      ["d", 1],
    ],
  );
});

test("sqfstar makes a file system of the merged archive", async (t) => {
  if (spawnSync("sqfstar", ["-version"]).error) return t.skip("needs sqfstar (squashfs-tools): not installed");
  const long = `${"d".repeat(120)}/é`;
  const caps = tarEntry({
    path: "caps",
    xattrs: new Map([["security.capability", Buffer.from("AQAAAgAEAAAAAAAAAAAAAAAAAAA=", "base64")]]),
  });
  const layers = await open(t, [
    [folder("", 0o711), file("a"), caps, hardlink("b", "a"), symlink("s", "x".repeat(150)), file(long, "text")],
  ]);
  const scratch = mkdtempSync(join(tmpdir(), "ingot-sqfs-"));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  const image = join(scratch, "root.sqfs");
  const archive = Buffer.concat([...mergedTarChunks(layers, flattenLayers(layers))]);
  // sqfstar does not take the root's mode from the archive, and says so.
  execFileSync("sqfstar", ["-no-progress", "-quiet", "-root-mode", "711", image], {
    input: archive,
    stdio: ["pipe", "ignore", "ignore"],
  });
  assert.equal(execFileSync("unsquashfs", ["-cat", image, long], { encoding: "utf8" }), "text");
  assert.equal(execFileSync("unsquashfs", ["-cat", image, "b"], { encoding: "utf8" }), "a");
  assert.match(
    execFileSync("unsquashfs", ["-lls", image], { encoding: "utf8" }),
    /drwx--x--x root\/root .* squashfs-root\n/,
  );
});
