import assert from "node:assert/strict";
import { test } from "node:test";
import type { LayerIndexEntry } from "../oci/layer/layer-index.ts";
import { diffImages, isSameImage, type ComparedImage } from "./image-diff.ts";
import { mergeLayers } from "../oci/layer/tree-view.ts";

function file(path: string, more: Partial<LayerIndexEntry> = {}): LayerIndexEntry {
  return { path, type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 1, linkname: "", sha256: "a", ...more };
}
function image(entries: LayerIndexEntry[], more: Partial<ComparedImage> = {}): ComparedImage {
  return { digest: "d", tree: mergeLayers([entries]), packages: new Map(), config: {}, layers: new Map(), ...more };
}

test("files differ by type, content, mode, owner and link, and not by time", () => {
  const from = image([file("same"), file("mode"), file("owner"), file("content"), file("gone"), file("type")]);
  const to = image([
    file("same", { mtime: 5 }),
    file("mode", { mode: 0o755 }),
    file("owner", { uid: 33, gid: 33 }),
    file("content", { sha256: "b", size: 2 }),
    file("new"),
    file("type", { type: "symlink", linkname: "x" }),
  ]);
  assert.deepEqual(diffImages(from, to).files, [
    { path: "/content", change: "changed", what: ["content 1 → 2 bytes"] },
    { path: "/gone", change: "removed", what: [] },
    { path: "/mode", change: "changed", what: ["mode 0644 → 0755"] },
    { path: "/new", change: "added", what: [] },
    { path: "/owner", change: "changed", what: ["owner 0:0 → 33:33"] },
    { path: "/type", change: "changed", what: ["type file → symlink"] },
  ]);
});

test("packages, configuration and the bytes that an update sends are compared", () => {
  const from = image([], {
    packages: new Map([
      ["a", "1"],
      ["b", "1"],
    ]),
    config: { User: "1" },
    layers: new Map([["x", 10]]),
  });
  const to = image([], {
    packages: new Map([
      ["a", "2"],
      ["c", "1"],
    ]),
    config: { User: "2" },
    layers: new Map([
      ["x", 10],
      ["y", 3],
    ]),
  });
  const diff = diffImages(from, to);
  assert.deepEqual(diff.packages, {
    added: [{ name: "c", version: "1" }],
    removed: [{ name: "b", version: "1" }],
    changed: [{ name: "a", from: "1", to: "2" }],
  });
  assert.deepEqual(diff.config, [{ key: "User", from: "1", to: "2" }]);
  assert.deepEqual(diff.size, { from: 10, to: 13, sent: 3 });
  assert.equal(isSameImage(diff), false);
  assert.equal(isSameImage(diffImages(from, from)), true);
});
