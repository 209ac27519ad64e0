import assert from "node:assert/strict";
import { test } from "node:test";
import type { MergedEntry } from "../../oci/layer/flatten-layers.ts";
import type { TarHeader } from "../../oci/tar/entry.ts";
import { contentTree } from "./content-tree.ts";

const header: TarHeader = {
  path: "",
  type: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  size: 0,
  linkname: "",
  xattrs: new Map(),
};

function treeOf(path: string, fields: Partial<TarHeader> = {}) {
  const entry: MergedEntry = { header: { ...header, path, ...fields }, layer: 0, offset: 0 };
  return contentTree(new Map([[path, entry]]), () => ({ kind: "inline", bytes: Buffer.alloc(0) }));
}

test("an entry that no Linux file system can hold is refused, with the reason", () => {
  const attribute = (name: string, size: number) => ({ xattrs: new Map([[name, Buffer.alloc(size)]]) });
  const cases: readonly [string, Partial<TarHeader>, RegExp][] = [
    ["é".repeat(128), {}, /name is longer/],
    ["a", { uid: 2 ** 32 }, /owner is 4294967296:0/],
    ["a", { gid: -1 }, /owner is 0:-1/],
    ["a", attribute(`user.${"n".repeat(251)}`, 1), /name of one of its attributes/],
    ["a", attribute("user.n", 65_536), /user\.n is longer/],
    [
      "a",
      { xattrs: new Map(["1", "2", "3", "4"].map((name) => [`user.${name}`, Buffer.alloc(60_000)])) },
      /have 240024 bytes/,
    ],
  ];
  for (const [path, fields, message] of cases) {
    assert.throws(() => treeOf(path, fields), { code: "layer-invalid", message });
  }
});

test("an entry at those limits is kept", () => {
  const name = "a".repeat(255);
  const xattrs = new Map([[`user.${"n".repeat(250)}`, Buffer.alloc(65_535)]]);
  assert.deepEqual([...treeOf(name, { uid: 0xffffffff, xattrs }).children.keys()], [name]);
});
