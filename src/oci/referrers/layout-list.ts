import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import type { Layout } from "../layout.ts";
import { readManifest, readManifests } from "../layout/reachable.ts";
import { nameAnnotation, nameOf, readIndex, writeIndex } from "../layout/references.ts";
import { isManifestType, mediaTypes } from "../media-types.ts";
import { describeAttached } from "./describe-attached.ts";
import {
  addReferrers,
  claimedDigest,
  emptyReferrersIndex,
  listOf,
  maximumReferrersSize,
  parseReferrersIndex,
  referrersContent,
  referrersName,
  subjectOfName,
  type ReferrersIndex,
} from "./referrers-index.ts";

/** A list of referrers in `index.json`, and the image that it is about. */
export type NamedList = { readonly subject: Digest; readonly descriptor: Descriptor };

/** Every list of attached things in a layout's `index.json`, with the image that it says it is about. */
export function namedLists(folder: string): readonly NamedList[] {
  return readIndex(folder).manifests.flatMap((descriptor) => {
    const subject = subjectOfName(nameOf(descriptor) ?? "");
    return subject === undefined ? [] : [{ subject, descriptor }];
  });
}

/** What the layout says is attached to an image: by its list, and, as some tools do it, by entries of `index.json` without a name. */
export function listEntries(layout: Layout, subject: Digest): readonly unknown[] {
  const list = readList(layout, subject);
  const known = new Set(list.manifests.map(claimedDigest));
  const unlisted = layout
    .listManifests()
    .filter((entry) => !known.has(entry.digest) && subjectOfUnnamed(layout, entry) === subject)
    .map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
  return addReferrers(list, unlisted).manifests;
}

/** What an entry of `index.json` without a name is attached to; undefined for what is named, or stands for itself. */
export function subjectOfUnnamed(layout: Layout, entry: Descriptor): Digest | undefined {
  if (nameOf(entry) !== undefined || !isManifestType(entry.mediaType)) return undefined;
  const parsed = readManifest(layout, entry.digest);
  return parsed?.kind === "manifest" ? parsed.manifest.subject?.digest : undefined;
}

/** The list of an image; an empty one when it has none. Call it with the lock of the index held when it is to be written again. */
export function readList(layout: Layout, subject: Digest): ReferrersIndex {
  const entry = namedLists(layout.folder).find((list) => list.subject === subject)?.descriptor;
  if (entry === undefined) return emptyReferrersIndex;
  const where = listOf(subject, layout.folder);
  const size = layout.blobSize(entry.digest) ?? 0;
  if (size > maximumReferrersSize) {
    throw new IngotError("referrers-unusable", `${where} cannot be used: it has ${size} bytes, more than 4 MiB`, {
      hint: "copy the image to a new layout with --no-evidence",
    });
  }
  const content = readUnlessLost(layout, entry.digest);
  // The artifacts name their image, so what is lost is made again from them.
  return content === undefined ? findAttached(layout, subject) : parseReferrersIndex(content, where);
}

/** Stores a list and names it. Call it with the lock of the index held. */
export function setList(layout: Layout, subject: Digest, list: ReferrersIndex): void {
  const content = referrersContent(list, listOf(subject, layout.folder));
  const name = referrersName(subject);
  const entry: Descriptor = {
    mediaType: mediaTypes.imageIndex,
    digest: layout.putBlob(content),
    size: content.length,
    annotations: { [nameAnnotation]: name },
  };
  const index = readIndex(layout.folder);
  writeIndex(layout.folder, { ...index, manifests: [...index.manifests.filter((one) => nameOf(one) !== name), entry] });
}

function readUnlessLost(layout: Layout, digest: Digest): Buffer | undefined {
  try {
    return layout.readBlob(digest);
  } catch (error) {
    if (error instanceof IngotError && (error.code === "blob-missing" || error.code === "store-damaged"))
      return undefined;
    throw error;
  }
}

function findAttached(layout: Layout, subject: Digest): ReferrersIndex {
  const attached = [...readManifests(layout)].flatMap(([digest, { mediaType }]) => {
    const found = describeAttached(layout.readBlob(digest), { mediaType, digest });
    return found?.subject === subject ? [found.descriptor] : [];
  });
  return addReferrers(emptyReferrersIndex, attached);
}
