import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { processContext, type Context } from "../ground/context.ts";
import { withFileLock } from "../ground/file-lock.ts";
import { openStore } from "../oci/layout.ts";
import { tarEntry } from "../oci/tar/tar-entry.fixture.ts";
import { putTinyImage } from "../oci/tiny-image.fixture.ts";
import type { ImageDefinition } from "../project/definition.ts";
import { openBaseImage } from "./base-image.ts";
import { layerBlobs, readImage } from "../oci/read-image.ts";
import type { BuiltImage } from "./build-image.ts";
import { definitionOf, imageLockOf, lockOf, projectOf } from "./image.fixture.ts";
import { buildProject } from "./image.ts";
import type { ImageLock } from "./lock.ts";
import { requestKey } from "./plan-image-lock.ts";

function makeContext(t: TestContext): Context {
  const home = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "build-"));
  t.after(() => rmSync(home, { recursive: true }));
  return processContext({ home });
}

/** The lock of an image that installs nothing, as `ingot lock` writes it. */
function emptyLock(definition: ImageDefinition): ImageLock {
  const { base } = definition;
  const locked: ImageLock["base"] = base.kind === "oci" ? { ...base, digest: digestOfReference(base.reference) } : base;
  return imageLockOf([], { base: locked, request: requestKey(definition), suites: [], stages: [] });
}

function digestOfReference(reference: string): BuiltImage["digest"] {
  return reference.slice(reference.indexOf("@") + 1) as BuiltImage["digest"];
}

function build(ctx: Context, images: readonly ImageDefinition[], only: readonly string[] = []) {
  const lock = lockOf(Object.fromEntries(images.map((image) => [image.name, emptyLock(image)])));
  return buildProject(ctx, { project: projectOf(images), lock }, { images: only, useCache: true });
}

const motd = (content: string) => [{ target: "/etc/motd", from: { kind: "content", content } }] as const;

/** An image of another tool in the store, as if a base had been pulled, and a definition on top of it. */
async function makeImages(ctx: Context): Promise<{ readonly base: ImageDefinition; readonly web: ImageDefinition }> {
  const layout = openStore(ctx);
  const image = putTinyImage(layout, {
    layers: [
      [
        tarEntry({ path: "etc/passwd", content: "root:x:0:0::/:\n" }),
        tarEntry({ path: "etc/group", content: "root:x:0:\n" }),
      ],
    ],
  });
  const reference = `registry.invalid/base@${image.digest}`;
  await layout.setReference(reference, image);
  const base = definitionOf({ name: "base", base: { kind: "oci", reference }, files: motd("one\n") });
  return { base, web: definitionOf({ base: { kind: "image", name: "base" }, files: motd("two\n") }) };
}

test("bases are built first, also when only what stands on them is asked for; a second build reuses every step", async (t) => {
  const ctx = makeContext(t);
  const { base, web } = await makeImages(ctx);
  const [first, ...others] = await build(ctx, [web, base], ["web"]);
  assert.deepEqual([first?.name, others], ["web", []]);
  const names = openStore(ctx)
    .listReferences()
    .map(({ name }) => name);
  assert.ok(names.includes("shop/base") && names.includes("shop/web"), names.join(" "));
  const [again] = await build(ctx, [web, base], ["web"]);
  assert.equal(again?.digest, first?.digest);
  assert.deepEqual(
    again?.steps.map(({ reused }) => reused),
    [true],
  );
});

test("an image that the project does not define is told, with those that it does", async (t) => {
  await assert.rejects(build(makeContext(t), [definitionOf()], ["wbe"]), {
    code: "image-unknown",
    details: ["it defines: web"],
  });
});

test("an image without an entry in the lock, and one that changed since, are not built, nor is anything else", async (t) => {
  const ctx = makeContext(t);
  const { base, web } = await makeImages(ctx);
  const images = [base, web];
  const options = { images: [], useCache: true };
  const project = projectOf(images);
  const missing = lockOf({ base: emptyLock(base) });
  await assert.rejects(buildProject(ctx, { project, lock: missing }, options), {
    code: "lock-missing",
    hint: "ingot lock",
  });
  const stale = lockOf({ base: emptyLock(base), web: emptyLock({ ...web, packages: ["nginx"] }) });
  await assert.rejects(buildProject(ctx, { project, lock: stale }, options), { code: "lock-stale" });
  assert.deepEqual(
    openStore(ctx)
      .listReferences()
      .filter(({ name }) => name.startsWith("shop/")),
    [],
  );
});

test("a build waits for the one before it", async (t) => {
  const ctx = makeContext(t);
  const { base } = await makeImages(ctx);
  const order: string[] = [];
  let building: Promise<unknown> | undefined;
  await withFileLock(join(ctx.home, "build.lock"), async () => {
    building = build(ctx, [base]).then(() => order.push("built"));
    await new Promise((resolve) => setTimeout(resolve, 200));
    order.push("released");
  });
  await building;
  assert.deepEqual(order, ["released", "built"]);
});

test("a folder that vanished between reading and building fails the build and leaves the store as it was", async (t) => {
  const ctx = makeContext(t);
  const { base } = await makeImages(ctx);
  const files = [{ target: "/srv", from: { kind: "path", source: join(ctx.home, "gone") } }] as const;
  await assert.rejects(build(ctx, [{ ...base, files }]), { code: "ENOENT" });
  assert.equal(openStore(ctx).listReferences().length, 1);
  assert.deepEqual(
    readdirSync(join(ctx.home, "store/blobs/sha256")).filter((name) => name.endsWith(".tmp")),
    [],
  );
});

test("a base that is an artifact and no image of files is refused", async (t) => {
  const ctx = makeContext(t);
  const layout = openStore(ctx);
  const { config } = readImage(layout, putTinyImage(layout).digest);
  const blob = (content: string, mediaType: string) => ({
    mediaType,
    digest: layout.putBlob(Buffer.from(content)),
    size: content.length,
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    artifactType: "application/example",
    config: blob("{}", "application/vnd.oci.empty.v1+json"),
    layers: [blob(JSON.stringify(config), "application/json")],
  });
  const { digest } = blob(manifest, "");
  await assert.rejects(openBaseImage(ctx, layout, { name: "artifact", digest }), { code: "image-unknown" });
});

test("an image whose configuration names other layers than its manifest is refused: nothing could prove what they hold", (t) => {
  const ctx = makeContext(t);
  const layout = openStore(ctx);
  const { manifest, config } = readImage(layout, putTinyImage(layout).digest);
  const without = { ...config, rootfs: { ...config.rootfs, diff_ids: [] } };
  assert.throws(() => layerBlobs(manifest, without, "odd"), { code: "manifest-malformed" });
  assert.throws(() => layerBlobs({ ...manifest, layers: [] }, config, "odd"), { code: "manifest-malformed" });
});
