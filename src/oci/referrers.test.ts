import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { schemaValidator, whyNoSchemas } from "../../test/support/oci-schemas.ts";
import { artifactOf, attachTexts, bundleType } from "./artifact.fixture.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Descriptor } from "./descriptor.ts";
import { digestOf } from "./digest.ts";
import { openLayout, type Layout } from "./layout.ts";
import { nameAnnotation, readIndex } from "./layout/references.ts";
import { mediaTypes } from "./media-types.ts";
import { attachArtifact, attachReferrers, listReferrers, readReferrers } from "./referrers.ts";
import { putTinyImage } from "./tiny-image.fixture.ts";

type Place = { readonly layout: Layout; readonly image: Descriptor };

/** A layout with one named image. */
async function place(t: TestContext, parent: string = tmpdir()): Promise<Place> {
  const folder = mkdtempSync(join(parent, "ingot-referrers-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const layout = openLayout(folder);
  const image = putTinyImage(layout, { text: "an image" });
  await layout.setReference("shop/web", image);
  return { layout, image };
}

const listName = ({ digest }: Descriptor): string => digest.replace(":", "-");

/** The entry of `index.json` for what is attached to an image, and its content. */
function listOfImage({ layout, image }: Place): { entry: Descriptor; content: Buffer } {
  const entry = readIndex(layout.folder).manifests.find(
    ({ annotations }) => annotations?.[nameAnnotation] === listName(image),
  );
  assert.ok(entry !== undefined);
  return { entry, content: layout.readBlob(entry.digest) };
}

test("what is attached to an image is listed with its type and annotations, each once and sorted", async (t) => {
  const { layout, image } = await place(t);
  assert.deepEqual(listReferrers(layout, image.digest), []);
  const attached = await attachTexts(layout, image, ["c", "a", "b", "a"]);
  assert.deepEqual(attached[1], attached[3]);
  const distinct = attached.slice(0, 3).toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  assert.deepEqual(
    listReferrers(layout, image.digest),
    distinct.map((descriptor) => ({ descriptor, artifactType: bundleType, annotations: descriptor.annotations })),
  );
  assert.deepEqual(readReferrers(openLayout(layout.folder), image.digest).skipped, []);
});

test("an artifact and the list of it follow the image specification", async (t) => {
  const why = whyNoSchemas();
  if (why !== undefined) return t.skip(why);
  const here = await place(t);
  const [attached] = await attachTexts(here.layout, { ...here.image, annotations: { not: "part of it" } }, ["a"]);
  const content = here.layout.readBlob(attached!.digest);
  const validate = schemaValidator();
  validate("image-manifest-schema.json", content);
  const list = listOfImage(here);
  validate("image-index-schema.json", list.content);
  validate("image-index-schema.json", readFileSync(join(here.layout.folder, "index.json")));
  assert.deepEqual(JSON.parse(String(list.content)), {
    schemaVersion: 2,
    mediaType: mediaTypes.imageIndex,
    manifests: [attached],
  });
  assert.equal(list.entry.size, list.content.length);
  const { subject, config, artifactType, layers } = JSON.parse(String(content)) as Record<string, unknown>;
  const { mediaType, digest, size } = here.image;
  assert.deepEqual(subject, { mediaType, digest, size });
  assert.deepEqual(config, { mediaType: mediaTypes.empty, digest: digestOf("{}"), size: 2 });
  assert.deepEqual([artifactType, layers], [bundleType, [{ mediaType: bundleType, digest: digestOf("a"), size: 1 }]]);
});

test("an artifact without content has the empty layer that the specification asks for", async (t) => {
  const { layout, image } = await place(t);
  const { digest } = await attachArtifact(layout, image, { artifactType: "application/x", layers: [] });
  const { layers, annotations } = JSON.parse(String(layout.readBlob(digest))) as Record<string, unknown>;
  assert.deepEqual(layers, [{ mediaType: mediaTypes.empty, digest: digestOf("{}"), size: 2 }]);
  assert.equal(annotations, undefined);
});

test("nothing is attached to an image that is not there", async (t) => {
  const { layout, image } = await place(t);
  const absent = { ...image, digest: digestOf("absent") };
  await assert.rejects(attachArtifact(layout, absent, artifactOf("a")), { code: "blob-missing" });
  assert.deepEqual(listReferrers(layout, absent.digest), []);
});

test("two processes that attach at once lose nothing", async (t) => {
  const { layout, image } = await place(t);
  const script = join(layout.folder, "../", `attach-${process.pid}.mjs`);
  t.after(() => rmSync(script, { force: true }));
  const url = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
  writeFileSync(
    script,
    `import { openLayout } from ${url("./layout.ts")};
     import { attachTexts } from ${url("./artifact.fixture.ts")};
     const [folder, image, who] = process.argv.slice(2);
     await attachTexts(openLayout(folder), JSON.parse(image), Array.from({ length: 15 }, (_, at) => who + at));`,
  );
  const children = ["one", "two"].map((who) =>
    spawn(process.execPath, [script, layout.folder, JSON.stringify(image), who], {
      stdio: ["ignore", "ignore", "pipe"],
    }),
  );
  const ends = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0] as number));
  assert.deepEqual(ends, [0, 0]);
  assert.equal(listReferrers(layout, image.digest).length, 30);
});

test("the list of what is attached is not an image: not by name, not by digits, not as the only one", async (t) => {
  const here = await place(t);
  const { layout, image } = here;
  const attached = await attachTexts(layout, image, ["a", "b"]);
  const { entry } = listOfImage(here);
  assert.deepEqual(
    layout.listReferences().map(({ name }) => name),
    ["shop/web"],
  );
  assert.deepEqual(
    layout.listManifests().map(({ digest }) => digest),
    [image.digest],
  );
  for (const { digest } of [...attached, entry]) {
    assert.throws(() => layout.resolveReference(digest.slice(7, 27)), { code: "reference-unknown" });
    // Who writes the whole digest means just this.
    assert.equal(layout.resolveReference(digest).digest, digest);
  }
  assert.throws(() => layout.resolveReference(listName(image)), { code: "reference-unknown" });
  await assert.rejects(layout.setReference(listName(image), image), { code: "reference-malformed" });
});

test("ten thousand artifacts of one image are listed, and one more than fits is refused with nothing lost", async (t) => {
  // Thirteen thousand files: on a disk they would be most of the time.
  const { layout, image } = await place(t, existsSync("/dev/shm") ? "/dev/shm" : tmpdir());
  const { mediaType, digest, size } = image;
  const make = (at: number): Descriptor => {
    const annotations = {
      "dev.sigstore.bundle.predicateType": `https://cosign.sigstore.dev/attestation/vuln/v1?${at}`,
    };
    const content = canonicalJson({
      schemaVersion: 2,
      mediaType: mediaTypes.imageManifest,
      artifactType: bundleType,
      config: { mediaType: mediaTypes.empty, digest: digestOf("{}"), size: 2 },
      layers: [{ mediaType: bundleType, digest: digestOf(String(at)), size: String(at).length }],
      subject: { mediaType, digest, size },
      annotations,
    });
    const own = digestOf(content);
    // Not by putBlob: twenty thousand waits for the disk would be the whole test.
    writeFileSync(layout.blobPath(own), content);
    return {
      mediaType: mediaTypes.imageManifest,
      digest: own,
      size: content.length,
      artifactType: bundleType,
      annotations,
    };
  };
  const many = Array.from({ length: 10_000 }, (_, at) => make(at));
  await attachReferrers(layout, digest, many);
  const { referrers, skipped } = readReferrers(layout, digest);
  assert.deepEqual(
    referrers.map(({ descriptor }) => descriptor),
    many.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
  );
  assert.deepEqual(skipped, []);
  const more = Array.from({ length: 3000 }, (_, at) => make(10_000 + at));
  await assert.rejects(attachReferrers(layout, digest, more), {
    code: "referrers-unusable",
    message: /13000 entries and \d+ bytes, more than the 4 MiB/,
  });
  assert.equal(listReferrers(layout, digest).length, 10_000);
});
