import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import { compare } from "../../ground/compare.ts";
import { IngotError } from "../../ground/error.ts";
import { withFileLock } from "../../ground/file-lock.ts";
import { canonicalJson } from "../canonical-json.ts";
import type { Descriptor } from "../descriptor.ts";
import { isDigest, type Digest } from "../digest.ts";
import { parseImageIndex, type ImageIndex } from "../manifest.ts";
import { mediaTypes } from "../media-types.ts";
import { subjectOfName } from "../referrers/referrers-index.ts";
import type { Blobs } from "./blobs.ts";
import { describeManifest } from "./describe-manifest.ts";
import { isAttachment } from "./is-attachment.ts";
import { readLayoutFile } from "./read-layout-file.ts";

/** image-spec annotations.md: how an entry of `index.json` is named. */
export const nameAnnotation = "org.opencontainers.image.ref.name";

export type NamedManifest = { readonly name: string; readonly descriptor: Descriptor };

/** The naming half of a layout: `index.json`. A name is `shop/web` (the newest cast) or `shop/web:TAG`. */
export type References = {
  /** Points a name at a manifest that is in the layout; what it pointed at before stays until garbage is collected. */
  readonly setReference: (name: string, descriptor: Descriptor) => Promise<void>;
  /** Lists a manifest without a name, unless it is listed already: so that it is found as the only image of a layout, and kept. */
  readonly listManifest: (descriptor: Descriptor) => Promise<void>;
  /** False when the name was not there. */
  readonly removeReference: (name: string) => Promise<boolean>;
  /** Sorted by name. */
  readonly listReferences: () => readonly NamedManifest[];
  /** Every manifest of `index.json`, also those without a name; not the lists of what is attached to images. */
  readonly listManifests: () => readonly Descriptor[];
  /** By name, by digest, or by the first six or more digits of a digest that only one image has. Throws `reference-unknown` or `reference-ambiguous`. */
  readonly resolveReference: (text: string) => Descriptor;
};

export function openReferences(folder: string, blobs: Blobs): References {
  const listManifests = (): readonly Descriptor[] =>
    readIndex(folder).manifests.filter((entry) => !isReferrersList(entry));
  const listReferences = (): readonly NamedManifest[] => listManifests().flatMap(named).toSorted(byName);
  return {
    listManifests,
    listReferences,
    setReference: (name, descriptor) => setReference({ folder, blobs, name, descriptor }),
    listManifest: (descriptor) => listManifest({ folder, blobs, descriptor }),
    removeReference: (name) => removeReference(folder, name),
    resolveReference: (text) => resolveReference({ folder, blobs, text, references: listReferences() }),
  };
}

/** Holds while `index.json` is read and written again: two processes at once must both leave their mark. */
export function withIndexLock<T>(folder: string, work: () => Promise<T> | T): Promise<T> {
  return withFileLock(join(folder, "index.json.lock"), work, { wait: 10_000, what: `the store ${folder}` });
}

type SetReference = {
  readonly folder: string;
  readonly blobs: Blobs;
  readonly name: string;
  readonly descriptor: Descriptor;
};

async function setReference({ folder, blobs, name, descriptor }: SetReference): Promise<void> {
  assertName(name);
  await withIndexLock(folder, () => {
    // A name without its manifest would be a broken image: the caller stores first and names last.
    blobs.readBlob(descriptor.digest);
    const index = readIndex(folder);
    const others = index.manifests.filter((entry) => nameOf(entry) !== name);
    const entry = { ...descriptor, annotations: { ...descriptor.annotations, [nameAnnotation]: name } };
    writeIndex(folder, { ...index, manifests: [...others, entry] });
  });
}

async function listManifest({ folder, blobs, descriptor }: Omit<SetReference, "name">): Promise<void> {
  await withIndexLock(folder, () => {
    blobs.readBlob(descriptor.digest);
    const index = readIndex(folder);
    if (index.manifests.some((entry) => entry.digest === descriptor.digest)) return;
    const { mediaType, digest, size } = descriptor;
    writeIndex(folder, { ...index, manifests: [...index.manifests, { mediaType, digest, size }] });
  });
}

function removeReference(folder: string, name: string): Promise<boolean> {
  return withIndexLock(folder, () => {
    const index = readIndex(folder);
    const manifests = index.manifests.filter((entry) => nameOf(entry) !== name);
    if (manifests.length === index.manifests.length) return false;
    writeIndex(folder, { ...index, manifests });
    return true;
  });
}

function assertName(name: string): void {
  // The name of a list of what is attached to an image: an image under it would be lost with the next statement.
  const isReserved = subjectOfName(name) !== undefined;
  if (namePattern.test(name) && name.length <= 255 && !isReserved) return;
  throw new IngotError("reference-malformed", `${JSON.stringify(name)} is not a name for an image`, {
    hint: "use letters, digits and single - . _ : / between them, such as shop/web",
  });
}

/** The grammar of annotations.md for `org.opencontainers.image.ref.name`. */
const namePattern = /^[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*(?:\/[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*)*$/;

type Resolve = {
  readonly folder: string;
  readonly blobs: Blobs;
  readonly text: string;
  readonly references: readonly NamedManifest[];
};

function resolveReference({ folder, blobs, text, references }: Resolve): Descriptor {
  const byThatName = references.find(({ name }) => name === text);
  if (byThatName) return byThatName.descriptor;
  const prefix = text.replace(/^sha256:/, "");
  if (!/^[0-9a-f]{6,64}$/.test(prefix)) throw unknownReference(text, references);
  const known = new Map(readIndex(folder).manifests.map((entry) => [entry.digest, entry]));
  const isWhole = prefix.length === 64;
  const candidates = digestsWith(folder, prefix)
    .flatMap((digest) => known.get(digest) ?? describeManifest(blobs, digest) ?? [])
    .filter((descriptor) => isWhole || !isAttachment(blobs, descriptor));
  const [first, second] = candidates;
  if (first === undefined) throw unknownReference(text, references);
  if (second === undefined) return first;
  throw new IngotError("reference-ambiguous", `${candidates.length} images have a digest that begins with ${prefix}`, {
    hint: "give more digits",
    details: candidates.map(({ digest }) => digest),
  });
}

/** Digests of blobs by the first digits of their hex. */
function digestsWith(folder: string, prefix: string): Digest[] {
  const blobFolder = join(folder, "blobs/sha256");
  if (!existsSync(blobFolder)) return [];
  const names = prefix.length === 64 ? [prefix] : readdirSync(blobFolder).filter((name) => name.startsWith(prefix));
  return names.map((name) => `sha256:${name}`).filter(isDigest);
}

function unknownReference(text: string, references: readonly NamedManifest[]): IngotError {
  return new IngotError("reference-unknown", `the store has no image ${JSON.stringify(text)}`, {
    hint: hintFor(text),
    details: references.map(({ name }) => name),
  });
}

/** Many commands take images of the store only, and people give them the other forms too. */
function hintFor(text: string): string {
  if (text.startsWith("oci:")) return `bring it into the store first: ingot copy ${text} NAME`;
  if (/^(?:localhost|[^/]*[.:][^/]*)\/./.test(text)) return `bring it into the store first: ingot pull ${text}`;
  if (/^(?:sha256:)?[0-9a-f]{12,64}$/.test(text)) {
    return "`ingot images` lists the images that are there; one of a registry is brought by `ingot pull REGISTRY/NAME:TAG`";
  }
  return "`ingot images` lists the images that are there";
}

/** The entries of `index.json`; none when there is no file yet. Throws `layout-unusable` when it is damaged. */
export function readIndex(folder: string): ImageIndex {
  const path = join(folder, "index.json");
  if (!existsSync(path)) return { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [] };
  return readLayoutFile(path, parseImageIndex);
}

/** Sorted by name, so that the same set of images is the same file. */
export function writeIndex(folder: string, index: ImageIndex): void {
  const manifests = index.manifests.toSorted(
    (a, b) => compare(nameOf(a) ?? "", nameOf(b) ?? "") || compare(a.digest, b.digest),
  );
  writeFileAtomic(join(folder, "index.json"), canonicalJson({ ...index, manifests }));
}

/** The name of an entry of `index.json`. */
export function nameOf(descriptor: Descriptor): string | undefined {
  return descriptor.annotations?.[nameAnnotation];
}

/** The list of what is attached to an image is kept under a name, but is no image. */
function isReferrersList(descriptor: Descriptor): boolean {
  return subjectOfName(nameOf(descriptor) ?? "") !== undefined;
}

function named(descriptor: Descriptor): NamedManifest[] {
  const name = nameOf(descriptor);
  return name === undefined ? [] : [{ name, descriptor }];
}

function byName(a: NamedManifest, b: NamedManifest): number {
  return compare(a.name, b.name);
}
