import assert from "node:assert/strict";
import { test } from "node:test";
import type { TarEntry } from "./entry.ts";
import { blockSize } from "./fields.ts";
import { checkTarPath } from "./path.ts";
import { formatPax } from "./pax.ts";
import { readTarStream } from "./read-stream.ts";
import { readTar } from "./read.ts";
import { tarEntry } from "./tar-entry.fixture.ts";
import { tarChunks, tarHeaderBlocks, writeTar } from "./write.ts";

const record = (keyword: string, value: string): string => String(formatPax(new Map([[keyword, Buffer.from(value)]])));

const paxHeader = (flag: string, body: string): Buffer => {
  const blocks = writeTar([tarEntry({ path: "pax", content: body })]).subarray(0, -2 * blockSize);
  return reseal(blocks, (block) => block.write(flag, 156));
};

/** Alters the first block and repairs its checksum. */
function reseal(archive: Buffer, alter: (block: Buffer) => void): Buffer {
  alter(archive.subarray(0, blockSize));
  archive.fill(" ", 148, 156);
  const sum = archive.subarray(0, blockSize).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return archive;
}

function assertRefused(archive: Buffer, code: string, message: RegExp): void {
  assert.throws(() => [...readTar(archive)], { code, message });
}

test("every type of entry survives a round trip", () => {
  const entries: TarEntry[] = [
    tarEntry({ path: "", type: "directory", mode: 0o755 }),
    tarEntry({ path: "a", content: "hello" }),
    tarEntry({ path: "b", type: "hardlink", linkname: "a" }),
    tarEntry({ path: "c", type: "symlink", linkname: "../../outside" }),
    tarEntry({ path: "dev/null", type: "character", device: { major: 1, minor: 3 } }),
    tarEntry({ path: "dev/loop0", type: "block", device: { major: 7, minor: 0 } }),
    tarEntry({ path: "fifo", type: "fifo", mode: 0o1640 }),
    tarEntry({ path: "big-numbers", uid: 3_000_000_000, gid: 2_097_152, mtime: 9_000_000_000 }),
    tarEntry({ path: "before-1970", mtime: -1 }),
    tarEntry({ path: `${"d".repeat(90)}/${"e".repeat(99)}`, content: "split between prefix and name" }),
    tarEntry({ path: "f".repeat(300), content: "pax" }),
    tarEntry({ path: "folder/é😀", type: "directory" }),
    tarEntry({ path: "long-link", type: "symlink", linkname: "g".repeat(101) }),
    tarEntry({ path: "caps", xattrs: new Map([["security.capability", Buffer.from([1, 0, 10, 61])]]) }),
    tarEntry({ path: "empty-xattr", xattrs: new Map([["user.empty", Buffer.alloc(0)]]) }),
  ];
  assert.deepEqual([...readTar(writeTar(entries))], entries);
});

test("the same entries give the same bytes", () => {
  const entry = tarEntry({
    path: "é",
    xattrs: new Map([
      ["user.b", Buffer.from("2")],
      ["user.a", Buffer.from("1")],
    ]),
  });
  const other = { ...entry, xattrs: new Map([...entry.xattrs].toReversed()) };
  assert.deepEqual(writeTar([entry]), writeTar([other]));
});

test("contents are views of the archive", () => {
  const archive = writeTar([tarEntry({ path: "a", content: "hello" })]);
  const [entry] = [...readTar(archive)];
  assert.equal(entry?.content.buffer, archive.buffer);
});

test("the reader of streams gives the same entries from chunks of any size", async () => {
  const entries = [
    tarEntry({ path: "a", content: "x".repeat(1500) }),
    tarEntry({ path: "b".repeat(200), content: "y" }),
    tarEntry({ path: "c", type: "directory" }),
  ];
  const archive = writeTar(entries);
  for (const size of [1, 7, 511, 512, 513, 5000]) {
    const found: TarEntry[] = [];
    for await (const { header, content } of readTarStream(chunksOf(archive, size))) {
      found.push({ ...header, content: Buffer.concat(await Array.fromAsync(content)) });
    }
    assert.deepEqual(found, entries);
  }
});

test("the reader of streams skips content that nobody reads", async () => {
  const archive = writeTar([tarEntry({ path: "a", content: "x".repeat(1500) }), tarEntry({ path: "b", content: "y" })]);
  const entries = await Array.fromAsync(readTarStream(chunksOf(archive, 100)));
  assert.deepEqual(
    entries.map(({ header }) => header.path),
    ["a", "b"],
  );
});

test("the reader of streams refuses an archive cut at any byte", async () => {
  const archive = writeTar([tarEntry({ path: "a".repeat(150), content: "x".repeat(700) })]);
  for (let length = 0; length <= archive.length - 2 * blockSize; length += 64) {
    await assert.rejects(Array.fromAsync(readTarStream(chunksOf(archive.subarray(0, length), 300))), {
      code: "tar-malformed",
    });
  }
});

async function* chunksOf(archive: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < archive.length; at += size) yield archive.subarray(at, at + size);
}

test("leading slashes, dots and trailing slashes are not part of a path", () => {
  for (const raw of ["a/b", "/a/b", "./a/b", ".//a//b/", "/./a/./b/."]) assert.equal(checkTarPath(raw), "a/b");
  for (const raw of ["", ".", "/", "./", "./."]) assert.equal(checkTarPath(raw), "");
  for (const raw of [".a", "a/..b", "a/...", ".../a"]) assert.equal(checkTarPath(raw), raw);
});

test("a path that climbs out by .. is refused", () => {
  for (const path of ["..", "../a", "/../a", "./../a", "a/../../b", "a/..", "/a/../b"]) {
    assertRefused(writeTar([tarEntry({ path })]), "archive-escapes-root", /leaves its root/);
  }
  const link = tarEntry({ path: "a", type: "hardlink", linkname: "../etc/shadow" });
  assertRefused(writeTar([link]), "archive-escapes-root", /etc\/shadow/);
});

test("a path that climbs out in a pax record or a GNU long name is refused", () => {
  const entry = writeTar([tarEntry({ path: "harmless" })]);
  assertRefused(Buffer.concat([paxHeader("x", record("path", "../evil")), entry]), "archive-escapes-root", /evil/);
  assertRefused(Buffer.concat([paxHeader("L", "../evil\0"), entry]), "archive-escapes-root", /evil/);
});

test("a wrong checksum is refused with its place", () => {
  const archive = writeTar([tarEntry({ path: "a", content: "x" }), tarEntry({ path: "b" })]);
  archive.writeUInt8(0x41, 1024 + 50);
  assertRefused(archive, "tar-malformed", /checksum is 3872, and it says 3807 .at byte 1024/);
});

test("an archive that ends too early is refused", () => {
  const archive = writeTar([tarEntry({ path: "a", content: "x".repeat(600) })]);
  assertRefused(Buffer.alloc(0), "tar-malformed", /end marker/);
  assertRefused(archive.subarray(0, 300), "tar-malformed", /end marker/);
  assertRefused(archive.subarray(0, 1000), "tar-malformed", /inside an entry's content/);
  assertRefused(archive.subarray(0, 1536), "tar-malformed", /end marker/);
});

test("an archive that ends behind an extended header is refused", () => {
  const archive = Buffer.concat([paxHeader("x", record("a", "bcd")), Buffer.alloc(1024)]);
  assertRefused(archive, "tar-malformed", /after an extended header/);
});

test("unknown types, sparse files and nonsense are refused", () => {
  const altered = (alter: (block: Buffer) => void) => reseal(writeTar([tarEntry({ path: "a" })]), alter);
  const entry = writeTar([tarEntry({ path: "a" })]);
  assertRefused(
    altered((block) => block.write("S", 156)),
    "tar-malformed",
    /type flag "S"/,
  );
  assertRefused(
    altered((block) => block.write("9zz", 108)),
    "tar-malformed",
    /not an octal number/,
  );
  assertRefused(
    altered((block) => block.write("caf\xe9", 0, "latin1")),
    "tar-malformed",
    /not UTF-8/,
  );
  assertRefused(
    altered((block) => block.fill(0xff, 124, 136)),
    "tar-malformed",
    /size of -1/,
  );
  assertRefused(
    altered((block) => block.write("2", 156)),
    "tar-malformed",
    /without a target/,
  );
  assertRefused(Buffer.concat([paxHeader("x", record("GNU.sparse.major", "1")), entry]), "tar-malformed", /sparse/);
  assertRefused(Buffer.concat([paxHeader("x", "99 path=a\n"), entry]), "tar-malformed", /pax record/);
  assertRefused(Buffer.concat([paxHeader("x", record("path", "a\0")), entry]), "tar-malformed", /NUL/);
  assertRefused(Buffer.concat([paxHeader("x", record("size", "-1")), entry]), "tar-malformed", /-1/);
  assertRefused(Buffer.concat([Buffer.alloc(512), entry]), "tar-malformed", /zero block in the middle/);
});

test("an extended header that would fill the memory is refused", () => {
  const huge = reseal(writeTar([tarEntry({ path: "a" })]), (block) => {
    block.write("L", 156);
    block.write("77777777777", 124);
  });
  assertRefused(huge, "tar-malformed", /extended header of 8589934591 bytes/);
});

test("a path that no system can hold is refused", () => {
  const message = /longer than 4096/;
  assertRefused(writeTar([tarEntry({ path: "a/".repeat(3000) + "b" })]), "tar-malformed", message);
  const link = tarEntry({ path: "a", type: "symlink", linkname: "b/".repeat(3000) });
  assertRefused(writeTar([link]), "tar-malformed", message);
});

test("a global header holds for all entries, a local one for the next", () => {
  const entry = (path: string) => tarHeaderBlocks(tarEntry({ path }));
  const archive = Buffer.concat([
    paxHeader("g", record("uid", "42")),
    entry("a"),
    paxHeader("x", record("uid", "7")),
    entry("b"),
    entry("c"),
    Buffer.alloc(1024),
  ]);
  assert.deepEqual(
    [...readTar(archive)].map(({ path, uid }) => [path, uid]),
    [
      ["a", 42],
      ["b", 7],
      ["c", 42],
    ],
  );
});

test("an old-style directory is a file whose name ends in a slash", () => {
  const archive = reseal(writeTar([tarEntry({ path: "a", type: "directory" })]), (block) =>
    block.fill(0, 257, 265).write("\0", 156),
  );
  assert.deepEqual(
    [...readTar(archive)].map(({ path, type }) => [path, type]),
    [["a", "directory"]],
  );
});

test("base-256 numbers are read", () => {
  const archive = reseal(writeTar([tarEntry({ path: "a" })]), (block) => {
    block.fill(0, 108, 116).writeUInt8(0x80, 108);
    block.writeUInt32BE(3_000_000_000, 112);
    block.fill(0xff, 136, 148);
  });
  const [entry] = [...readTar(archive)];
  assert.deepEqual([entry?.uid, entry?.mtime], [3_000_000_000, -1]);
});

test("an archive of 10,000 entries and 170 MB is read and written in a moment", (t) => {
  const content = Buffer.alloc(17_000, "x");
  const entries = Array.from({ length: 10_000 }, (_, at) =>
    tarEntry({ path: `usr/share/doc/package-${at}/file`, content }),
  );
  const archive = writeTar(entries);
  const started = performance.now();
  assert.equal([...readTar(archive)].length, 10_000);
  const read = performance.now();
  writeTar(entries);
  const written = performance.now();
  t.diagnostic(`read ${(read - started).toFixed(0)} ms, written ${(written - read).toFixed(0)} ms`);
  // Ten times what it takes: this catches a quadratic loop, not a busy machine.
  assert.ok(read - started < 500 && written - read < 3000);
  assert.equal(tarChunks(entries).next().value?.length, blockSize);
});
