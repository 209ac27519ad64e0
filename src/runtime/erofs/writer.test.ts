import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readXattrs } from "../../ground/extended-attributes.ts";
import { mountContentFile, unmountContent } from "../content/content-mount.ts";
import type { ErofsDirectory, ErofsNode } from "./node.ts";
import { ErofsWriter } from "./writer.ts";

const skip = process.getuid?.() === 0 ? false : "needs root to mount";
const common = { mode: 0o644, uid: 3, gid: 4, mtime: 1_700_000_000, xattrs: new Map<string, Buffer>() };

test("the kernel reads back every kind of entry as it was given", { skip }, async (t) => {
  const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
  const { root, folder } = await mounted(t, (writer) => {
    const file = (content: Buffer, extra: object = {}): ErofsNode => ({
      ...common,
      type: "file",
      data: writer.store(content.length, [content]),
      ...extra,
    });
    const large = file(Buffer.alloc(1_000_001, "large"));
    return directory({
      empty: file(Buffer.alloc(0)),
      small: file(Buffer.from("small")),
      "at the limit": file(Buffer.alloc(2048, "x")),
      large,
      "large by another name": large,
      setuid: file(Buffer.from("x"), { mode: 0o4755, uid: 70_000, gid: 80_000 }),
      capable: file(Buffer.from("x"), { xattrs: new Map([["security.capability", capability]]) }),
      link: { ...common, type: "symlink", mode: 0o777, target: "small" },
      "long link": { ...common, type: "symlink", mode: 0o777, target: "x/".repeat(1500) },
      größer: file(Buffer.from("utf-8")),
      fifo: { ...common, type: "fifo" },
      disk: { ...common, type: "block", device: { major: 259, minor: 70_001 } },
      sub: directory({ sub: directory({}) }),
    });
  });
  assert.equal(readFileSync(join(folder, "small"), "utf8"), "small");
  assert.equal(lstatSync(join(folder, "empty")).size, 0);
  assert.equal(readFileSync(join(folder, "at the limit"), "utf8"), "x".repeat(2048));
  assert.deepEqual(readFileSync(join(folder, "large")), Buffer.alloc(1_000_001, "large"));
  const names = ["large", "large by another name"].map((name) => lstatSync(join(folder, name)));
  assert.deepEqual(
    names.map(({ nlink }) => nlink),
    [2, 2],
  );
  assert.equal(names[0]?.ino, names[1]?.ino);
  const setuid = lstatSync(join(folder, "setuid"));
  assert.deepEqual([setuid.mode & 0o7777, setuid.uid, setuid.gid], [0o4755, 70_000, 80_000]);
  assert.deepEqual(readXattrs(join(folder, "capable")).get("security.capability"), capability);
  assert.equal(readlinkSync(join(folder, "link")), "small");
  assert.equal(readlinkSync(join(folder, "long link")), "x/".repeat(1500));
  assert.equal(readFileSync(join(folder, "größer"), "utf8"), "utf-8");
  assert.ok(lstatSync(join(folder, "fifo")).isFIFO());
  const disk = lstatSync(join(folder, "disk"));
  assert.ok(disk.isBlockDevice());
  // The C library's dev_t: 12 bits of the major number above 8 of the minor.
  assert.equal(disk.rdev, 0x11100 * 2 ** 12 + (259 << 8) + 0x71);
  assert.equal(lstatSync(join(folder, "sub")).nlink, 3);
  assert.equal(lstatSync(join(folder, "small")).mtimeMs, 1_700_000_000_000);
  assert.deepEqual(readdirSync(folder).toSorted(), [...root.children.keys()].toSorted());
});

test("a folder with many entries is found through, by name and by listing", { skip }, async (t) => {
  const names = Array.from({ length: 3000 }, (_, index) => `${"n".repeat(index % 200)}${index}`);
  const { folder } = await mounted(t, () =>
    directory({ many: directory(Object.fromEntries(names.map((name) => [name, small(name)]))) }),
  );
  assert.deepEqual(readdirSync(join(folder, "many")).toSorted(), names.toSorted());
  for (const name of names) assert.equal(readFileSync(join(folder, "many", name), "utf8"), name);
});

test("the same tree gives the same bytes, whatever the order it was filled in", (t) => {
  const one = write(t, () => directory({ a: small("1"), b: small("2") })).path;
  const two = write(t, () => directory({ b: small("2"), a: small("1") })).path;
  assert.equal(hashOf(one), hashOf(two));
});

test(
  "erofs-utils finds nothing wrong with it",
  { skip: isInstalled("fsck.erofs") ? false : "needs fsck.erofs: not installed" },
  (t) => {
    const { path } = write(t, (writer) =>
      directory({ a: small("1"), b: { ...common, type: "file", data: writer.store(9000, [Buffer.alloc(9000, "b")]) } }),
    );
    execFileSync("fsck.erofs", [path]);
  },
);

function small(content: string): ErofsNode {
  return { ...common, type: "file", data: { kind: "inline", bytes: Buffer.from(content) } };
}

function directory(children: Readonly<Record<string, ErofsNode>>): ErofsDirectory {
  return { ...common, type: "directory", mode: 0o755, children: new Map(Object.entries(children)) };
}

function write(
  t: TestContext,
  fill: (writer: ErofsWriter) => ErofsDirectory,
): { path: string; root: ErofsDirectory; temporary: string } {
  const temporary = mkdtempSync(join(tmpdir(), "ingot-erofs-"));
  t.after(() => {
    unmountContent(join(temporary, "mount"));
    rmSync(temporary, { recursive: true, force: true });
  });
  const path = join(temporary, "image");
  const file = openSync(path, "wx");
  const writer = new ErofsWriter(file);
  const root = fill(writer);
  writer.finish(root);
  closeSync(file);
  return { path, root, temporary };
}

async function mounted(
  t: TestContext,
  fill: (writer: ErofsWriter) => ErofsDirectory,
): Promise<{ folder: string; root: ErofsDirectory }> {
  const { path, root, temporary } = write(t, fill);
  const folder = join(temporary, "mount");
  mkdirSync(folder);
  await mountContentFile(path, folder);
  return { folder, root };
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function isInstalled(program: string): boolean {
  return ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].some((folder) =>
    lstatSync(join(folder, program), { throwIfNoEntry: false }),
  );
}
