import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { mount, unmount } from "../ground/libc.ts";
import type { IngotError } from "../ground/error.ts";
import { canonicalJson } from "./canonical-json.ts";
import { digestOf } from "./digest.ts";
import { openLayout, type Layout } from "./layout.ts";
import { putTinyImage } from "./tiny-image.fixture.ts";

function temporaryLayout(t: TestContext): Layout {
  const folder = mkdtempSync(join(tmpdir(), "ingot-layout-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return openLayout(join(folder, "layout"));
}

async function* chunks(...parts: string[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

test("a blob is stored once, read-only, and read back verified", (t) => {
  const layout = temporaryLayout(t);
  const digest = layout.putBlob("hello");
  assert.equal(digest, digestOf("hello"));
  assert.equal(layout.putBlob("hello"), digest);
  assert.equal(String(layout.readBlob(digest)), "hello");
  assert.equal(statSync(layout.blobPath(digest)).mode & 0o777, 0o444);
  assert.equal(layout.blobSize(digest), 5);
  assert.deepEqual(readdirSync(join(layout.folder, "ingest")), []);
});

test("a blob that was altered in the store is refused when it is read", (t) => {
  const layout = temporaryLayout(t);
  const digest = layout.putBlob("hello");
  chmodSync(layout.blobPath(digest), 0o644);
  writeFileSync(layout.blobPath(digest), "hullo");
  assert.throws(() => layout.readBlob(digest), { code: "store-damaged" });
});

test("a blob that was cut short is written again", (t) => {
  const layout = temporaryLayout(t);
  const digest = layout.putBlob("hello");
  chmodSync(layout.blobPath(digest), 0o644);
  writeFileSync(layout.blobPath(digest), "he");
  layout.putBlob("hello");
  assert.equal(String(layout.readBlob(digest)), "hello");
});

test("a stream is stored when it is what was expected", async (t) => {
  const layout = temporaryLayout(t);
  const expected = { digest: digestOf("hello world"), size: 11 };
  assert.deepEqual(await layout.putBlobStream(chunks("hello", " ", "world"), expected), expected);
  assert.equal(String(layout.readBlob(expected.digest)), "hello world");
});

test("a stream with another content, or longer or shorter, is refused and nothing is left", async (t) => {
  const layout = temporaryLayout(t);
  const digest = digestOf("hello");
  const refused = { code: "blob-mismatch" };
  await assert.rejects(layout.putBlobStream(chunks("hullo"), { digest }), { ...refused, message: new RegExp(digest) });
  await assert.rejects(layout.putBlobStream(chunks("hello", "!"), { digest, size: 5 }), refused);
  await assert.rejects(layout.putBlobStream(chunks("hell"), { digest, size: 5 }), refused);
  assert.deepEqual(readdirSync(join(layout.folder, "ingest")), []);
  assert.deepEqual(readdirSync(join(layout.folder, "blobs/sha256")), []);
});

test("a stream that is longer than announced is cut off, not written to the end", async (t) => {
  const layout = temporaryLayout(t);
  let produced = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      produced += 1000;
      yield Buffer.alloc(1000);
    }
  }
  await assert.rejects(layout.putBlobStream(endless(), { size: 1500 }), { code: "blob-mismatch" });
  assert.equal(produced, 2000);
  assert.deepEqual(readdirSync(join(layout.folder, "ingest")), []);
});

test("a stream that breaks off leaves nothing", async (t) => {
  const layout = temporaryLayout(t);
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from("hel");
    throw new Error("connection reset");
  }
  await assert.rejects(layout.putBlobStream(broken()), /connection reset/);
  assert.deepEqual(readdirSync(join(layout.folder, "ingest")), []);
});

test("a name is set, moved, listed and removed", async (t) => {
  const layout = temporaryLayout(t);
  const first = putTinyImage(layout, { text: "1" });
  const second = putTinyImage(layout, { text: "2" });
  await layout.setReference("shop/web", first);
  await layout.setReference("shop/web:1", first);
  await layout.setReference("shop/web", second);
  const names = layout.listReferences().map(({ name, descriptor }) => [name, descriptor.digest]);
  assert.deepEqual(names, [
    ["shop/web", second.digest],
    ["shop/web:1", first.digest],
  ]);
  assert.equal(await layout.removeReference("shop/web:1"), true);
  assert.equal(await layout.removeReference("shop/web:1"), false);
  assert.deepEqual(
    layout.listReferences().map(({ name }) => name),
    ["shop/web"],
  );
});

test("an image is found by name, by digest and by the first digits of its digest", async (t) => {
  const layout = temporaryLayout(t);
  const named = putTinyImage(layout, { text: "named" });
  const unnamed = putTinyImage(layout, { text: "unnamed" });
  await layout.setReference("shop/web", named);
  assert.equal(layout.resolveReference("shop/web").digest, named.digest);
  for (const { digest, size, mediaType } of [named, unnamed]) {
    for (const text of [digest, digest.slice(0, 20), digest.slice(7), digest.slice(7, 19)]) {
      const found = layout.resolveReference(text);
      assert.deepEqual([found.digest, found.size, found.mediaType], [digest, size, mediaType]);
    }
  }
  assert.throws(() => layout.resolveReference("shop/wen"), { code: "reference-unknown", details: ["shop/web"] });
  assert.throws(() => layout.resolveReference("sha256:000000"), { code: "reference-unknown" });
  for (const [text, hint] of [
    ["registry.test:5000/shop/web:1", /ingot pull registry\.test:5000\/shop\/web:1$/],
    ["oci:folder:web", /ingot copy oci:folder:web NAME$/],
    ["shop/web:1", /ingot images/],
  ] as const) {
    assert.throws(() => layout.resolveReference(text), { code: "reference-unknown", hint });
  }
  // A layer is not an image, whatever its digest.
  assert.throws(() => layout.resolveReference(layout.putBlob("not an image")), { code: "reference-unknown" });
});

test("digits that two images share are ambiguous", (t) => {
  const layout = temporaryLayout(t);
  const manifest = JSON.parse(String(layout.readBlob(putTinyImage(layout).digest))) as object;
  const seen = new Map<string, Buffer>();
  for (let count = 0; ; count++) {
    const content = canonicalJson({ ...manifest, annotations: { count: String(count) } });
    const prefix = digestOf(content).slice(7, 13);
    const twin = seen.get(prefix);
    seen.set(prefix, content);
    if (twin === undefined) continue;
    const digests = [layout.putBlob(twin), layout.putBlob(content)].toSorted();
    assert.throws(
      () => layout.resolveReference(prefix),
      (error: IngotError) => {
        assert.deepEqual([error.code, error.details.toSorted()], ["reference-ambiguous", digests]);
        return true;
      },
    );
    return;
  }
});

test("a name needs its manifest in the store, and must be a name", async (t) => {
  const layout = temporaryLayout(t);
  const image = putTinyImage(layout, { text: "1" });
  const absent = { ...image, digest: digestOf("absent") };
  await assert.rejects(layout.setReference("shop/web", absent), { code: "blob-missing" });
  for (const name of ["", "../web", "shop//web", "-web", "web ", "a".repeat(256)]) {
    await assert.rejects(layout.setReference(name, image), { code: "reference-malformed" });
  }
  assert.deepEqual(layout.listReferences(), []);
});

test("two processes that name images at once both leave their names", async (t) => {
  const layout = temporaryLayout(t);
  putTinyImage(layout, { text: "shared" });
  const script = join(layout.folder, "../writer.ts");
  const here = JSON.stringify(import.meta.dirname);
  writeFileSync(
    script,
    `const { openLayout } = await import(${here} + "/layout.ts");
     const { putTinyImage } = await import(${here} + "/tiny-image.fixture.ts");
     const layout = openLayout(${JSON.stringify(layout.folder)});
     const image = putTinyImage(layout, { text: "shared" });
     for (let at = 0; at < 20; at++) await layout.setReference(process.argv[2] + "/" + at, image);`,
  );
  const writers = ["one", "two"].map((name) =>
    spawn(process.execPath, ["--no-warnings", script, name], { stdio: "inherit" }),
  );
  const codes = await Promise.all(writers.map((writer) => once(writer, "close")));
  assert.deepEqual(
    codes.map(([code]): unknown => code),
    [0, 0],
  );
  assert.equal(layout.listReferences().length, 40);
});

test("a folder that holds something else is not made a layout", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ingot-layout-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "precious.txt"), "");
  assert.throws(() => openLayout(folder), { code: "layout-unusable" });
  assert.throws(() => openLayout(join(folder, "absent"), { create: false }), { code: "layout-unusable" });
  assert.deepEqual(readdirSync(folder), ["precious.txt"]);
  const other = openLayout(join(folder, "layout")).folder;
  writeFileSync(join(other, "oci-layout"), canonicalJson({ imageLayoutVersion: "2.0.0" }));
  assert.throws(() => openLayout(other), { code: "layout-unusable", message: /oci-layout/ });
});

test("opening a layout again keeps its names", async (t) => {
  const layout = temporaryLayout(t);
  await layout.setReference("shop/web", putTinyImage(layout, { text: "1" }));
  // As after a crash between index and marker.
  rmSync(join(layout.folder, "oci-layout"));
  assert.equal(openLayout(layout.folder).listReferences().length, 1);
  assert.match(readFileSync(join(layout.folder, "oci-layout"), "utf8"), /1\.0\.0/);
});

test("a store that is full says so and keeps nothing half", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("needs root: mounts a small file system");
  const folder = mkdtempSync(join(tmpdir(), "ingot-layout-"));
  try {
    mount("tmpfs", folder, { type: "tmpfs", data: "size=1m" });
  } catch {
    rmSync(folder, { recursive: true });
    return t.skip("needs the right to mount a tmpfs");
  }
  t.after(() => {
    unmount(folder);
    rmSync(folder, { recursive: true });
  });
  const layout = openLayout(join(folder, "layout"));
  assert.throws(() => layout.putBlob(Buffer.alloc(2 << 20)), { code: "disk-full" });
  await assert.rejects(layout.putBlobStream(chunks("x".repeat(2 << 20))), { code: "disk-full" });
  assert.deepEqual(readdirSync(join(layout.folder, "ingest")), []);
  assert.ok(layout.hasBlob(layout.putBlob("small")));
});

test("the store's folders are for all who may enter its home, whatever the umask", (t) => {
  const before = process.umask(0o077);
  t.after(() => process.umask(before));
  const layout = temporaryLayout(t);
  const digest = layout.putBlob("x");
  for (const path of [layout.folder, join(layout.folder, "blobs/sha256")])
    assert.equal(statSync(path).mode & 0o777, 0o755);
  assert.equal(statSync(layout.blobPath(digest)).mode & 0o777, 0o444);
});

test("a pipe in the place of a blob or of the index is damage, and nobody waits for it", (t) => {
  const layout = temporaryLayout(t);
  const digest = digestOf("content");
  execFileSync("mkfifo", [layout.blobPath(digest)]);
  assert.equal(layout.hasBlob(digest), false);
  assert.throws(() => layout.readBlob(digest), { code: "store-damaged" });
  rmSync(join(layout.folder, "index.json"));
  execFileSync("mkfifo", [join(layout.folder, "index.json")]);
  assert.throws(() => layout.listManifests(), { code: "layout-unusable" });
});
