import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTilePath, tilePath, widthIn } from "./tile-path.ts";

test("paths are those of C2SP tlog-tiles' examples", () => {
  assert.equal(tilePath({ level: 0, index: 1_234_067, width: 256 }), "tile/0/x001/x234/067");
  assert.equal(tilePath({ level: "entries", index: 0, width: 5 }), "tile/entries/000.p/5");
  assert.equal(tilePath({ level: 1, index: 1000, width: 255 }), "tile/1/x001/000.p/255");
});

test("a tree of 70,000 entries has the tiles that C2SP tlog-tiles says", () => {
  const widths = (level: number, tiles: number) => Array.from({ length: tiles }, (_, at) => widthIn(70_000, level, at));
  assert.deepEqual(widths(0, 275), [...Array.from({ length: 273 }, () => 256), 112, 0]);
  assert.deepEqual(widths(1, 3), [256, 17, 0]);
  assert.deepEqual(widths(2, 2), [1, 0]);
  assert.deepEqual([widthIn(256, 0, 0), widthIn(256, 0, 1), widthIn(256, 1, 0)], [256, 0, 1]);
});

test("every path is read back, and only in its one form", () => {
  for (const index of [0, 7, 999, 1000, 999_999, 1_000_000, 1_234_067])
    for (const level of [0, 1, 63, "entries"] as const)
      for (const width of [1, 255, 256]) {
        const name = { level, index, width };
        assert.deepEqual(parseTilePath(tilePath(name)), name);
      }
  const wrong = [
    "tile/00/000",
    "tile/0/0",
    "tile/0/x000/001",
    "tile/0/1000",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/05",
  ];
  for (const path of [...wrong, "tile/0/../checkpoint", "tile/x/000", "/tile/0/000", "tile/0/000\n"])
    assert.equal(parseTilePath(path), undefined, path);
});
