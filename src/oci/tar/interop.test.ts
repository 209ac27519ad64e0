import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { readXattrs, writeXattr } from "../../ground/extended-attributes.ts";
import type { TarEntry } from "./entry.ts";
import { sortEntries } from "./order.ts";
import { readTarStream } from "./read-stream.ts";
import { readTar } from "./read.ts";
import { writeTar } from "./write.ts";

/** A tree with what archives get wrong: long, non-ASCII and dotted names, hard links, xattrs, fifos, odd modes. */
let folder: string;
let tree: string;
const longName = `${"long-".repeat(24)}name/${"file-".repeat(30)}`;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-tar-"));
  tree = join(folder, "tree");
  mkdirSync(join(tree, longName, ".."), { recursive: true });
  mkdirSync(join(tree, "folder"), { mode: 0o700 });
  writeFileSync(join(tree, longName), "long name");
  writeFileSync(join(tree, "folder/Főtanúsítvány 😀"), "unicode");
  writeFileSync(join(tree, "folder/..odd.."), "");
  writeFileSync(join(tree, "folder/block"), Buffer.alloc(1024, 1));
  symlinkSync("/etc/../../outside", join(tree, "folder/link"));
  symlinkSync(`${"x".repeat(150)}`, join(tree, "folder/long-link"));
  linkSync(join(tree, "folder/block"), join(tree, "folder/other-name"));
  linkSync(join(tree, longName), join(tree, "folder/other-long"));
  execFileSync("mkfifo", [join(tree, "folder/fifo")]);
  chmodSync(join(tree, "folder/block"), 0o4755);
  execFileSync("touch", ["-h", "-d", "@1700000000", join(tree, "folder/link"), join(tree, "folder/block")]);
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** What an entry says, but for what differs between tools: mode and time of links, and which name of a file comes first. */
function facts(entries: Iterable<TarEntry>): unknown[] {
  return sortEntries(entries).map(({ type, path, mode, content, linkname, size, xattrs, uid, gid, mtime }) => {
    if (type === "hardlink") return { type, path, linkname };
    const ownMode = type === "symlink" ? 0 : mode;
    return {
      type,
      path,
      mode: ownMode,
      content: String(content),
      linkname,
      size,
      xattrs: [...xattrs],
      uid,
      gid,
      mtime,
    };
  });
}

function archiveWith(...options: string[]): Buffer {
  return execFileSync("tar", ["-C", tree, ...options, "-cf", "-", "."], { maxBuffer: 1 << 26 });
}

test("the formats of GNU tar are read alike", () => {
  const reference = facts(readTar(archiveWith("--format=gnu")));
  assert.equal(reference.length, 12);
  const pax = archiveWith("--format=posix", "--pax-option=delete=atime,delete=ctime");
  assert.deepEqual(facts(readTar(pax)), reference);
  // Old GNU format is what dpkg reads and writes.
  assert.deepEqual(facts(readTar(archiveWith("--format=oldgnu"))), reference);
});

test("the reader of streams reads GNU tar's archives as the other reader does", async () => {
  const archive = archiveWith("--format=gnu");
  const found: TarEntry[] = [];
  for await (const { header, content } of readTarStream(
    (async function* () {
      yield archive;
    })(),
  )) {
    found.push({ ...header, content: Buffer.concat(await Array.fromAsync(content)) });
  }
  assert.deepEqual(found, [...readTar(archive)]);
});

test("GNU tar unpacks what was written, to the same tree", () => {
  const original = archiveWith("--format=posix");
  const copy = join(folder, "copy");
  mkdirSync(copy);
  execFileSync("tar", ["-C", copy, "--warning=all", "-xpf", "-"], { input: writeTar(readTar(original)) });
  assert.equal(
    execFileSync("diff", ["-r", "--no-dereference", "--exclude=fifo", tree, copy], { encoding: "utf8" }),
    "",
  );
  const again = execFileSync("tar", ["-C", copy, "-cf", "-", "."], { maxBuffer: 1 << 26 });
  assert.deepEqual(facts(readTar(again)), facts(readTar(original)));
});

test("extended attributes go both ways through GNU tar", (t) => {
  if (!canSetXattrs(t)) return;
  const archive = archiveWith("--xattrs", "--xattrs-include=*", "--format=posix");
  const entry = [...readTar(archive)].find(({ path }) => path === "folder/..odd..");
  assert.deepEqual(entry?.xattrs.get("user.binary"), Buffer.from([0, 10, 61, 255]));
  const copy = join(folder, "xattr-copy");
  mkdirSync(copy);
  const written = writeTar(readTar(archive));
  execFileSync("tar", ["-C", copy, "--xattrs", "--xattrs-include=*", "-xpf", "-"], { input: written });
  assert.deepEqual(readXattrs(join(copy, "folder/..odd..")), readXattrs(join(tree, "folder/..odd..")));
});

function canSetXattrs(t: TestContext): boolean {
  try {
    writeXattr(join(tree, "folder/..odd.."), "user.binary", Buffer.from([0, 10, 61, 255]));
    return true;
  } catch {
    t.skip("needs a file system with user extended attributes in the temporary folder");
    return false;
  }
}

test("Python reads what was written, and is read in all its formats", (t) => {
  if (spawnSync("python3", ["-c", ""]).status !== 0) return t.skip("needs python3: not installed");
  const ours = join(folder, "ours.tar");
  writeFileSync(ours, writeTar(readTar(archiveWith("--format=gnu"))));
  const listing: unknown = JSON.parse(execFileSync("python3", ["-c", listInPython, ours], { encoding: "utf8" }));
  const expected = [...readTar(readFileSync(ours))].map((entry) => [
    entry.path || ".",
    entry.mode,
    entry.size,
    entry.mtime,
    entry.linkname,
    entry.content.toString("hex"),
  ]);
  assert.deepEqual(listing, expected);
  for (const format of ["PAX_FORMAT", "GNU_FORMAT"]) {
    const theirs = join(folder, "theirs.tar");
    execFileSync("python3", ["-c", writeInPython, tree, theirs, format]);
    assert.deepEqual(facts(readTar(readFileSync(theirs))), facts(readTar(archiveWith("--format=gnu"))));
  }
});

const listInPython = `
import sys, tarfile, json
with tarfile.open(sys.argv[1]) as tar:
    print(json.dumps([[m.name, m.mode, m.size if not m.islnk() else 0, m.mtime, m.linkname,
        tar.extractfile(m).read().hex() if m.isreg() and not m.islnk() else ""] for m in tar]))
`;

const writeInPython = `
import sys, tarfile
def whole(info):
    info.mtime = int(info.mtime)
    return info
with tarfile.open(sys.argv[2], "w", format=getattr(tarfile, sys.argv[3])) as tar:
    tar.add(sys.argv[1], ".", filter=whole)
`;

test("libarchive reads what was written, and is read", (t) => {
  if (spawnSync("bsdtar", ["--version"]).status !== 0) return t.skip("needs bsdtar (libarchive-tools): not installed");
  // In the C locale it cannot name the file with an accent.
  const env = { ...process.env, LC_ALL: "C.UTF-8" };
  const theirs = execFileSync("bsdtar", ["-C", tree, "--format=pax", "-cf", "-", "."], { maxBuffer: 1 << 26, env });
  const withoutXattrs = (entries: Iterable<TarEntry>) => facts([...entries].map((e) => ({ ...e, xattrs: new Map() })));
  assert.deepEqual(withoutXattrs(readTar(theirs)), facts(readTar(archiveWith("--format=gnu"))));
  const copy = join(folder, "bsd-copy");
  mkdirSync(copy);
  execFileSync("bsdtar", ["-C", copy, "-xpf", "-"], { input: writeTar(readTar(theirs)), env });
  assert.equal(
    execFileSync("diff", ["-r", "--no-dereference", "--exclude=fifo", tree, copy], { encoding: "utf8" }),
    "",
  );
});
