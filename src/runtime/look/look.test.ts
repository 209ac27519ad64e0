import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { listListening, parseSocket } from "./listening.ts";
import { useInside } from "./open-inside.ts";
import { readSmallFile, seeFile } from "./see-file.ts";

/** A folder that stands for an instance's root; beside it lies a secret of the host. */
function makeRoot(t: TestContext): { root: string; secret: string } {
  const folder = mkdtempSync(join(tmpdir(), "ingot-look-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const root = join(folder, "root");
  mkdirSync(join(root, "etc"), { recursive: true });
  writeFileSync(join(folder, "secret"), "of the host");
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/root:/bin/sh\n");
  return { root, secret: join(folder, "secret") };
}

const isThere = (root: string, path: string): boolean => useInside(root, path, () => true) ?? false;

test("links are followed inside of the instance, absolute ones from its own root", (t) => {
  const { root } = makeRoot(t);
  symlinkSync("/etc/passwd", join(root, "absolute"));
  symlinkSync("etc/../etc/./passwd", join(root, "relative"));
  symlinkSync("/etc", join(root, "folder"));
  for (const path of ["/absolute", "relative", "/folder/passwd", "/../../etc/passwd"])
    assert.equal(isThere(root, path), true, path);
});

test("no link and no .. leads out of the instance", (t) => {
  const { root, secret } = makeRoot(t);
  symlinkSync(secret, join(root, "absolute"));
  symlinkSync("../secret", join(root, "relative"));
  symlinkSync(join(root, ".."), join(root, "folder"));
  for (const path of ["/absolute", "/relative", "/folder/secret", "/../secret", secret])
    assert.equal(isThere(root, path), false, path);
});

test("links in a circle, links to nothing and a file in the place of a folder are nothing", (t) => {
  const { root } = makeRoot(t);
  symlinkSync("b", join(root, "a"));
  symlinkSync("a", join(root, "b"));
  symlinkSync("/nowhere", join(root, "dangling"));
  for (const path of ["/a", "/dangling", "/etc/passwd/more", "/missing", `/${"x".repeat(300)}`])
    assert.equal(isThere(root, path), false, path);
});

test("a pipe is looked at without waiting for its other end, and owners that the instance does not have are nobody", (t) => {
  const { root } = makeRoot(t);
  const pipe = join(root, "etc/pipe");
  execFileSync("mkfifo", [pipe]);
  chmodSync(pipe, 0o604);
  const seen = seeFile({ pid: process.pid, firstId: 1_000_000_000 }, pipe, "text");
  assert.deepEqual({ type: seen?.type, mode: seen?.mode, uid: seen?.uid }, { type: "other", mode: 0o604, uid: 65_534 });
  assert.equal(seen?.isFound, false);
});

test("a link to an entry of /proc that refuses to be read is an empty file, and no error", (t) => {
  const child = spawn("sleep", ["100"]);
  t.after(() => child.kill());
  const of = { pid: child.pid ?? 0, firstId: 0 };
  for (const name of ["mem", "attr/current", "clear_refs"]) {
    const seen = seeFile(of, `/proc/${child.pid}/${name}`, "text");
    assert.deepEqual([seen?.type, seen?.isFound], ["file", false], name);
    assert.equal(readSmallFile(of, `/proc/${child.pid}/${name}`), "", name);
  }
});

test("of a process that ends while it is looked at nothing is seen", () => {
  const child = spawn("true");
  // Nobody asks for its end meanwhile, so that only its number and how it ended are left.
  execFileSync("sleep", ["0.3"]);
  for (const pid of [child.pid ?? 0, 4_194_304]) {
    assert.equal(seeFile({ pid, firstId: 0 }, "/etc/passwd", "root"), undefined);
    assert.equal(readSmallFile({ pid, firstId: 0 }, "/etc/passwd"), undefined);
    assert.deepEqual(listListening(pid), []);
  }
});

test("only sockets that listen count, and those on the loopback address are told apart", () => {
  const rest =
    "00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0000000000000000 100 0 0 10 0";
  assert.deepEqual(parseSocket(`   0: 0100007F:1F90 ${rest}`), [{ port: 8080, isLocal: true }]);
  assert.deepEqual(parseSocket(`   0: 00000000:0050 ${rest}`), [{ port: 80, isLocal: false }]);
  assert.deepEqual(parseSocket(`   0: 0200D50A:0050 ${rest}`), [{ port: 80, isLocal: false }]);
  assert.deepEqual(parseSocket(`   0: 00000000000000000000000001000000:0050 ${rest}`), [{ port: 80, isLocal: true }]);
  assert.deepEqual(parseSocket(`   0: 0000000000000000FFFF00000100007F:0050 ${rest}`), [{ port: 80, isLocal: true }]);
  assert.deepEqual(parseSocket(`   0: 00000000000000000000000000000000:0050 ${rest}`), [{ port: 80, isLocal: false }]);
  assert.deepEqual(parseSocket(`   0: 0100007F:1F90 ${rest.replace(" 0A ", " 01 ")}`), []);
});
