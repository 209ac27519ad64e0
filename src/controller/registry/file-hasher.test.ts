import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { digestOf } from "../../oci/digest.ts";
import { openFileHasher, type FileHasher } from "./file-hasher.ts";

const mebibyte = 1 << 20;

/** Four mebibytes, each of another letter. */
const content = Buffer.concat(["a", "b", "c", "d"].map((letter) => Buffer.alloc(mebibyte, letter)));

/** A file with `there` in it, and buffers as they come from the network: with memory of their own. */
function open(t: TestContext, there: Buffer): { readonly path: string; readonly hasher: FileHasher } {
  const folder = mkdtempSync(join(tmpdir(), "ingot-file-hasher-"));
  const hasher = openFileHasher();
  t.after(async () => {
    await hasher.close();
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, "data");
  writeFileSync(path, there);
  return { path, hasher };
}

function copyOf(from: number, to: number): Buffer[] {
  const copy = Buffer.allocUnsafeSlow((to - from) * mebibyte);
  content.copy(copy, 0, from * mebibyte, to * mebibyte);
  return [copy];
}

test("the digest of a file that grew is of all of its bytes, whether they were handed over or not", async (t) => {
  const { path, hasher } = open(t, content);
  hasher.grown(path, mebibyte, copyOf(0, 1));
  hasher.grown(path, 2 * mebibyte, copyOf(1, 2));
  hasher.grown(path, 3 * mebibyte, copyOf(2, 3));
  hasher.grown(path, 4 * mebibyte, [content.subarray(3 * mebibyte)]);
  assert.equal(await hasher.digest(path, 4 * mebibyte), digestOf(content));
  assert.equal(content.length, 4 * mebibyte);
});

test("bytes that were handed over are hashed as they were, without the file", async (t) => {
  const { path, hasher } = open(t, Buffer.alloc(0));
  const given = [...copyOf(0, 2)];
  hasher.grown(path, 2 * mebibyte, given);
  assert.equal(given[0]?.length, 0);
  hasher.grown(path, 4 * mebibyte, copyOf(2, 4));
  assert.equal(await hasher.digest(path, 4 * mebibyte), digestOf(content));
});

test("a thread that ended in between takes nothing with it", async (t) => {
  const { path, hasher } = open(t, content);
  hasher.grown(path, 2 * mebibyte, copyOf(0, 2));
  await hasher.close();
  hasher.grown(path, 3 * mebibyte, copyOf(2, 3));
  assert.equal(await hasher.digest(path, 3 * mebibyte), digestOf(content.subarray(0, 3 * mebibyte)));
});

test("a file that is forgotten is hashed anew", async (t) => {
  const { path, hasher } = open(t, content);
  hasher.grown(path, 2 * mebibyte, [Buffer.allocUnsafeSlow(2 * mebibyte).fill("z")]);
  hasher.forget(path);
  assert.equal(await hasher.digest(path, 4 * mebibyte), digestOf(content));
});

test("small and large files that are not there are errors, and the next file is hashed all the same", async (t) => {
  const { path, hasher } = open(t, content);
  await assert.rejects(hasher.digest(`${path}.gone`, 10), /ENOENT/);
  await assert.rejects(hasher.digest(`${path}.gone`, 4 * mebibyte), /ENOENT/);
  assert.equal(await hasher.digest(path, 10), digestOf(content.subarray(0, 10)));
  assert.equal(await hasher.digest(path, 4 * mebibyte), digestOf(content));
});

test("bytes behind the end that is asked about are not in the digest", async (t) => {
  const { path, hasher } = open(t, content);
  assert.equal(await hasher.digest(path, 2 * mebibyte), digestOf(content.subarray(0, 2 * mebibyte)));
});
