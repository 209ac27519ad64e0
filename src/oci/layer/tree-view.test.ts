import assert from "node:assert/strict";
import { test } from "node:test";
import type { LayerIndexEntry } from "./layer-index.ts";
import { mergeLayers, resolveParents } from "./tree-view.ts";

function entry(path: string, more: Partial<LayerIndexEntry> = {}): LayerIndexEntry {
  return { path, type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0, linkname: "", ...more };
}
const folder = (path: string) => entry(path, { type: "directory", mode: 0o755 });
const link = (path: string, linkname: string) => entry(path, { type: "symlink", linkname });

test("a whiteout removes a path with all below it, and only in the layers beneath", () => {
  const view = mergeLayers([
    [folder("a"), entry("a/1"), entry("a/2"), entry("b")],
    [entry(".wh.a"), entry(".wh.b"), folder("a"), entry("a/3")],
  ]);
  assert.deepEqual([...view.keys()].toSorted(), ["a", "a/3"]);
});

test("an opaque whiteout empties a folder wherever in its layer it stands", () => {
  const view = mergeLayers([
    [folder("a"), entry("a/1"), folder("ab"), entry("ab/1")],
    [folder("a"), entry("a/new"), entry("a/.wh..wh..opq")],
  ]);
  assert.deepEqual([...view.keys()].toSorted(), ["a", "a/new", "ab", "ab/1"]);
});

test("a file in the place of a folder hides what was in the folder", () => {
  const view = mergeLayers([[folder("a"), entry("a/1")], [entry("a")]]);
  assert.deepEqual([...view.keys()], ["a"]);
});

test("a layer that hides a path a line takes no longer than one that hides few", () => {
  const names = Array.from({ length: 30_000 }, (_, at) => `folder${at % 100}/name${at}`);
  const hide = (path: string) => entry(path.replace("/", "/.wh."));
  const started = performance.now();
  const view = mergeLayers([names.map((path) => entry(path)), names.slice(1).map(hide)]);
  assert.deepEqual([...view.keys()], names.slice(0, 1));
  // It took eight seconds when every whiteout looked through the whole tree.
  assert.ok(performance.now() - started < 2000);
});

test("what hides the root's content, or a path that is a folder twice, hides nothing more", () => {
  const below = [folder(""), folder("a"), folder("a/b"), entry("a/b/1"), entry("ab")];
  assert.deepEqual([...mergeLayers([below, [entry(".wh..wh..opq"), entry("n")]]).keys()], ["", "n"]);
  assert.deepEqual([...mergeLayers([below, [entry("a/.wh.b"), entry(".wh.missing")]]).keys()], ["", "a", "ab"]);
  const twice = [folder("c"), entry("c/1"), entry("c")];
  assert.deepEqual([...mergeLayers([below, twice]).keys()], ["", "a", "a/b", "a/b/1", "ab", "c"]);
});

test("parents that are links are followed, relative, absolute and climbing ones, and the last part is not", () => {
  const view = mergeLayers([
    [
      link("bin", "usr/bin"),
      link("var/run", "/run"),
      link("x", "../../../etc"),
      folder("usr/bin"),
      link("usr/bin/sh", "dash"),
    ],
  ]);
  assert.equal(resolveParents(view, "bin/sh"), "usr/bin/sh");
  assert.equal(resolveParents(view, "var/run/a/b"), "run/a/b");
  assert.equal(resolveParents(view, "x/passwd"), "etc/passwd");
  assert.equal(resolveParents(view, "bin"), "bin");
});

test("links in a circle end", () => {
  const view = mergeLayers([[link("a", "b"), link("b", "a")]]);
  assert.equal(typeof resolveParents(view, "a/x"), "string");
});
