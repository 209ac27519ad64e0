import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { runCommand } from "../../ground/run-command.ts";
import type { TarEntry } from "../../oci/tar/entry.ts";
import { tarEntry } from "../../oci/tar/tar-entry.fixture.ts";
import { Tree } from "./tree.ts";

const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

function makeTree(t: TestContext): { tree: Tree; outside: string } {
  const folder = mkdtempSync(join(tmpdir(), "ingot-tree-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ["root", "outside"]) mkdirSync(join(folder, name));
  return { tree: new Tree(join(folder, "root")), outside: join(folder, "outside") };
}

function add(tree: Tree, entry: TarEntry): void {
  tree.add(tree.place(entry.path), { ...entry, ...own });
}

test("an absolute link among the parents leads inside the tree, never to the host", (t) => {
  const { tree, outside } = makeTree(t);
  add(tree, tarEntry({ path: "evil", type: "symlink", linkname: outside }));
  add(tree, tarEntry({ path: "evil/passwd", content: "root" }));
  assert.ok(!existsSync(join(outside, "passwd")));
  assert.equal(readFileSync(`${tree.root}${outside}/passwd`, "utf8"), "root");
});

test("a link that climbs out of the root by .. is refused", (t) => {
  const { tree, outside } = makeTree(t);
  add(tree, tarEntry({ path: "evil", type: "symlink", linkname: "../outside" }));
  assert.throws(() => add(tree, tarEntry({ path: "evil/passwd", content: "root" })), { code: "archive-escapes-root" });
  add(tree, tarEntry({ path: "usr", type: "directory", mode: 0o755 }));
  add(tree, tarEntry({ path: "usr/evil", type: "symlink", linkname: "../../outside" }));
  assert.throws(() => add(tree, tarEntry({ path: "usr/evil/deep/passwd", content: "root" })), {
    code: "archive-escapes-root",
  });
  assert.ok(!existsSync(join(outside, "passwd")));
});

test("a hard link's target is found inside the tree too", (t) => {
  const { tree, outside } = makeTree(t);
  writeFileSync(join(outside, "secret"), "secret");
  add(tree, tarEntry({ path: "evil", type: "symlink", linkname: outside }));
  assert.throws(() => add(tree, tarEntry({ path: "copy", type: "hardlink", linkname: "evil/secret" })), {
    code: "ENOENT",
  });
});

test("a link that a script made between two entries is not followed to the host", (t) => {
  const { tree, outside } = makeTree(t);
  add(tree, tarEntry({ path: "etc", type: "directory", mode: 0o755 }));
  add(tree, tarEntry({ path: "etc/a", content: "a" }));
  rmSync(join(tree.root, "etc"), { recursive: true });
  symlinkSync(outside, join(tree.root, "etc"));
  tree.forgetFolders();
  add(tree, tarEntry({ path: "etc/b", content: "b" }));
  assert.ok(!existsSync(join(outside, "b")));
});

test("a link in the place of a new file is not written through", (t) => {
  const { tree, outside } = makeTree(t);
  symlinkSync(join(outside, "x"), join(tree.root, "file"));
  assert.throws(() => add(tree, tarEntry({ path: "file", content: "x" })), { code: "EEXIST" });
  assert.ok(!existsSync(join(outside, "x")));
});

test("links at each other are refused instead of followed forever", (t) => {
  const { tree } = makeTree(t);
  add(tree, tarEntry({ path: "a", type: "symlink", linkname: "b" }));
  add(tree, tarEntry({ path: "b", type: "symlink", linkname: "a" }));
  assert.throws(() => add(tree, tarEntry({ path: "a/x", content: "" })), { code: "archive-escapes-root" });
});

test("entries go through the merged-/usr links, which stay links", (t) => {
  const { tree } = makeTree(t);
  for (const path of ["usr", "usr/bin"]) add(tree, tarEntry({ path, type: "directory", mode: 0o755 }));
  add(tree, tarEntry({ path: "bin", type: "symlink", linkname: "usr/bin" }));
  assert.equal(tree.place("bin/sh"), "usr/bin/sh");
  add(tree, tarEntry({ path: "bin/sh", content: "sh", mode: 0o4755 }));
  assert.equal(lstatSync(join(tree.root, "usr/bin/sh")).mode & 0o7777, 0o4755);
  assert.ok(lstatSync(join(tree.root, "bin")).isSymbolicLink());
});

test("what cannot be written for want of space is a full disk", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("needs root, to mount a small disk");
  const { tree } = makeTree(t);
  await runCommand("mount", ["-t", "tmpfs", "-o", "size=64k", "small", tree.root]);
  try {
    const large = tarEntry({ path: "large", content: Buffer.alloc(1 << 20) });
    assert.throws(() => add(tree, large), { code: "disk-full" });
  } finally {
    await runCommand("umount", [tree.root]);
  }
});
