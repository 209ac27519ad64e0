import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../oci/digest.ts";
import { parseAccounts } from "./accounts.ts";
import type { LayerIndexEntry } from "../oci/layer/layer-index.ts";
import { planFilesLayer } from "./files-layer.ts";
import type { SourceFile } from "./source-files.ts";
import { mergeLayers } from "../oci/layer/tree-view.ts";

function entry(path: string, more: Partial<LayerIndexEntry> = {}): LayerIndexEntry {
  return { path, type: "directory", mode: 0o755, uid: 0, gid: 0, mtime: 7, size: 0, linkname: "", ...more };
}
const below = mergeLayers([
  [
    entry("etc"),
    entry("usr"),
    entry("usr/bin"),
    entry("bin", { type: "symlink", linkname: "usr/bin" }),
    entry("var"),
    entry("var/mail", { mode: 0o2775, gid: 8 }),
    entry("etc/motd", { type: "file", mode: 0o644 }),
  ],
]);
const accounts = parseAccounts("root:x:0:0::/root:/bin/sh\nwww-data:x:33:34::/:/bin/sh\n", "root:x:0:\nstaff:x:50:\n");

function file(path: string, more: Partial<SourceFile> = {}): SourceFile {
  const content = Buffer.from(path);
  const common = { path, mode: 0o644, owner: "root", group: "root", content, digest: digestOf(content) };
  return { type: "file", ...common, ...more } as SourceFile;
}
const plan = (...files: SourceFile[]) => planFilesLayer({ image: "web", files, below, accounts, epoch: 99 });

test("parents keep what the image gives them, and missing ones are made plain", () => {
  const entries = plan(file("var/mail/a/b"));
  assert.deepEqual(
    entries.map((it) => [it.path, it.type, it.mode.toString(8), it.gid, it.mtime]),
    [
      ["var", "directory", "755", 0, 7],
      ["var/mail", "directory", "2775", 8, 7],
      ["var/mail/a", "directory", "755", 0, 99],
      ["var/mail/a/b", "file", "644", 0, 99],
    ],
  );
});

test("a target below a link of the image goes where the link leads, and the link stays", () => {
  assert.deepEqual(
    plan(file("bin/tool")).map((it) => it.path),
    ["usr", "usr/bin", "usr/bin/tool"],
  );
});

test("owners are looked up in the image's own accounts", () => {
  const placed = plan(file("etc/x", { owner: "www-data", group: "staff" })).at(-1)!;
  assert.deepEqual([placed.uid, placed.gid], [33, 50]);
  assert.throws(() => plan(file("etc/x", { owner: "nobody-here" })), { code: "account-unknown" });
  assert.throws(() => plan(file("etc/x", { owner: "constructor" })), { code: "account-unknown" });
});

test("a file cannot take the place of a folder, nor a folder that of a file, nor stand below a file", () => {
  assert.throws(() => plan(file("var/mail")), { code: "file-conflict" });
  assert.throws(() => plan({ type: "directory", path: "etc/motd", mode: 0o755, owner: "root", group: "root" }), {
    code: "file-conflict",
  });
  assert.throws(() => plan(file("etc/motd/x")), { code: "file-conflict" });
});
