import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { attachTexts, bundleType } from "../artifact.fixture.ts";
import { canonicalJson } from "../canonical-json.ts";
import type { Descriptor } from "../descriptor.ts";
import { digestOf } from "../digest.ts";
import { openLayout, type Layout } from "../layout.ts";
import { nameAnnotation, readIndex, writeIndex } from "../layout/references.ts";
import { mediaTypes } from "../media-types.ts";
import { attachReferrers, listReferrers, readReferrers } from "../referrers.ts";
import { putTinyImage } from "../tiny-image.fixture.ts";
import { claimedDigest } from "./referrers-index.ts";

type Place = { readonly layout: Layout; readonly image: Descriptor; readonly attached: Descriptor };

/** A layout with an image and one artifact attached to it. */
async function place(t: TestContext): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-lists-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const layout = openLayout(folder);
  const image = putTinyImage(layout, { text: "an image" });
  await layout.setReference("shop/web", image);
  const [attached] = await attachTexts(layout, image, ["right"]);
  return { layout, image, attached: attached! };
}

const listName = ({ digest }: Descriptor): string => digest.replace(":", "-");

/** Puts a list of anybody's making in the place of an image's. */
function setList(
  { layout, image }: Omit<Place, "attached">,
  content: Buffer,
  mediaType: string = mediaTypes.imageIndex,
): void {
  const annotations = { [nameAnnotation]: listName(image) };
  const entry = { mediaType, digest: layout.putBlob(content), size: content.length, annotations };
  const index = readIndex(layout.folder);
  const others = index.manifests.filter((one) => one.annotations?.[nameAnnotation] !== listName(image));
  writeIndex(layout.folder, { ...index, manifests: [...others, entry] });
}

const listContent = (manifests: readonly unknown[]): Buffer =>
  canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests });

/** Stores a manifest of anybody's making. */
function put(layout: Layout, manifest: object): Descriptor {
  const content = canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.imageManifest, ...manifest });
  return { mediaType: mediaTypes.imageManifest, digest: layout.putBlob(content), size: content.length };
}

const empty = { mediaType: mediaTypes.empty, digest: digestOf("{}"), size: 2 };

/** What is left out of a list that has the entry beside a right one, and why. */
function reasonFor({ layout, image, attached }: Place, entry: unknown): string | undefined {
  setList({ layout, image }, listContent([attached, entry]));
  const { referrers, skipped } = readReferrers(layout, image.digest);
  assert.deepEqual(
    referrers.map(({ descriptor }) => descriptor),
    [attached],
  );
  assert.equal(skipped.length, 1);
  assert.equal(skipped[0]?.digest, claimedDigest(entry));
  return skipped[0]?.reason;
}

test("an entry whose size is wrong is left out", async (t) => {
  const here = await place(t);
  const { layout, image } = here;
  const [other] = await attachTexts(layout, image, ["other"]);
  assert.match(reasonFor(here, { ...other, size: other!.size + 1 }) ?? "", /^it has \d+ bytes, the list says \d+$/);
  assert.match(reasonFor(here, { ...other, size: 0 }) ?? "", /^it has \d+ bytes, the list says 0$/);
});

test("an entry that is larger than any manifest is not read", async (t) => {
  const here = await place(t);
  const content = Buffer.alloc((4 << 20) + 1, " ");
  const entry = { ...here.attached, digest: here.layout.putBlob(content), size: content.length };
  assert.match(reasonFor(here, entry) ?? "", /^it has 4194305 bytes, more than a manifest may have$/);
});

test("an artifact of another image, or of none, that is listed for this one is left out", async (t) => {
  const here = await place(t);
  const { layout, image } = here;
  const foreign = putTinyImage(layout, { text: "another" });
  const [stolen] = await attachTexts(layout, foreign, ["about another image"]);
  assert.equal(reasonFor(here, stolen), `it is attached to ${foreign.digest}`);
  assert.equal(reasonFor(here, image), "it is no manifest with a subject");
});

test("an index among the entries is left out, also where its claimed type is that of a manifest", async (t) => {
  const here = await place(t);
  const content = canonicalJson({
    schemaVersion: 2,
    mediaType: mediaTypes.imageIndex,
    manifests: [here.attached],
    subject: here.image,
  });
  const entry = { mediaType: mediaTypes.imageIndex, digest: here.layout.putBlob(content), size: content.length };
  assert.match(reasonFor(here, entry) ?? "", /not an image manifest$/);
  const disguised = { ...entry, mediaType: mediaTypes.imageManifest };
  assert.equal(reasonFor(here, disguised), "it is no manifest with a subject");
});

test("an entry that is missing, damaged, no manifest or no descriptor is left out", async (t) => {
  const here = await place(t);
  const { layout } = here;
  assert.equal(reasonFor(here, { ...here.attached, digest: digestOf("absent") }), "it is missing");
  const text = "not a manifest";
  const blob = { mediaType: mediaTypes.imageManifest, digest: layout.putBlob(text), size: text.length };
  assert.equal(reasonFor(here, blob), "it is no manifest with a subject");
  for (const wrong of [
    null,
    7,
    "text",
    [],
    {},
    { ...here.attached, digest: "sha256:../../etc/passwd" },
    { ...here.attached, digest: `sha512:${"0".repeat(128)}` },
    { ...here.attached, digest: 7 },
    { ...here.attached, size: -1 },
    { ...here.attached, annotations: { a: 1 } },
  ])
    if (claimedDigest(wrong) !== here.attached.digest)
      assert.equal(reasonFor(here, wrong), "its descriptor is malformed");
  const [damaged] = await attachTexts(layout, here.image, ["damaged"]);
  chmodSync(layout.blobPath(damaged!.digest), 0o644);
  writeFileSync(layout.blobPath(damaged!.digest), Buffer.alloc(damaged!.size, " "));
  assert.equal(reasonFor(here, damaged), "it is damaged");
});

test("an artifact that is listed ten times is one", async (t) => {
  const { layout, image, attached } = await place(t);
  setList({ layout, image }, listContent(Array.from({ length: 10 }, () => attached)));
  assert.equal(listReferrers(layout, image.digest).length, 1);
});

test("type and annotations are those of the artifact, whatever the list claims", async (t) => {
  const { layout, image, attached } = await place(t);
  const claim = { ...attached, artifactType: "application/forged", annotations: { forged: "yes" } };
  setList({ layout, image }, listContent([claim]));
  const [found] = listReferrers(layout, image.digest);
  assert.deepEqual(found, { descriptor: attached, artifactType: bundleType, annotations: attached.annotations });
});

test("a list that is no list is an error that says so, and nothing is written over it", async (t) => {
  const here = await place(t);
  const { layout, image, attached } = here;
  const image1 = layout.readBlob(image.digest);
  const contents: readonly (readonly [Buffer, RegExp])[] = [
    [Buffer.from("no JSON"), /not an OCI image index/],
    [Buffer.from("[]"), /not an OCI image index/],
    [Buffer.from([0xff, 0xfe]), /not an OCI image index/],
    [image1, /not an OCI image index/],
    // An index to one reader and a manifest to another (CVE-2021-41190).
    [canonicalJson({ schemaVersion: 2, manifests: [], config: empty, layers: [] }), /not an OCI image index/],
    [Buffer.concat([listContent([attached]), Buffer.alloc(4 << 20, " ")]), /more than 4 MiB/],
  ];
  for (const [content, message] of contents) {
    setList(here, content);
    assert.throws(() => listReferrers(layout, image.digest), { code: "referrers-unusable", message });
    await assert.rejects(attachReferrers(layout, image.digest, [attached]), { code: "referrers-unusable", message });
    const entry = readIndex(layout.folder).manifests.find(
      (one) => one.annotations?.[nameAnnotation] === listName(image),
    );
    assert.equal(entry?.digest, digestOf(content));
  }
});

test("a list whose content was lost or damaged is made again from what is attached", async (t) => {
  const here = await place(t);
  const { layout, image, attached } = here;
  const lists = () =>
    readIndex(layout.folder).manifests.filter((one) => one.annotations?.[nameAnnotation] === listName(image));
  const path = layout.blobPath(lists()[0]!.digest);
  chmodSync(path, 0o644);
  writeFileSync(path, "damaged");
  assert.deepEqual(
    listReferrers(layout, image.digest).map(({ descriptor }) => descriptor),
    [attached],
  );
  rmSync(path);
  const [second] = await attachTexts(layout, image, ["second"]);
  const both = [attached, second!].toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  assert.deepEqual(
    listReferrers(layout, image.digest).map(({ descriptor }) => descriptor),
    both,
  );
  assert.equal(lists().length, 1);
});

test("what another tool attached by an entry of its own is found, and is not the image", async (t) => {
  const { layout, image, attached } = await place(t);
  const foreign = put(layout, { artifactType: "application/theirs", config: empty, layers: [empty], subject: image });
  await layout.listManifest(foreign);
  await layout.listManifest(attached);
  assert.deepEqual(
    listReferrers(layout, image.digest)
      .map(({ artifactType }) => artifactType)
      .toSorted(),
    ["application/theirs", bundleType].toSorted(),
  );
});
