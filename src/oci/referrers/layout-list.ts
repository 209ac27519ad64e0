import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import type { Layout } from "../layout.ts";
import { readManifest, readManifests } from "../layout/reachable.ts";
import { nameAnnotation, nameOf, readIndex, writeIndex } from "../layout/references.ts";
import { isManifestType, mediaTypes } from "../media-types.ts";
import { checkReferrer } from "./check-referrer.ts";
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

export function namedLists(folder: string): readonly NamedList[] {
  return readIndex(folder).manifests.flatMap((descriptor) => {
    const subject = subjectOfName(nameOf(descriptor) ?? "");
    return subject === undefined ? [] : [{ subject, descriptor }];
  });
}

/** What the layout says is attached to an image: by its list, and, as some tools do it, by entries of `index.json` without a name. */
export function listEntries(layout: Layout, subject: Digest): readonly unknown[] {
  const unnamed = unnamedReferrers(layout).filter(([, attachedTo]) => attachedTo === subject);
  const found = unnamed.map(([{ mediaType, digest, size }]) => ({ mediaType, digest, size }));
  const list = readList(layout, subject);
  const known = new Set(list.manifests.map(claimedDigest));
  const unlisted = found.filter(({ digest }) => !known.has(digest));
  return addReferrers(list, unlisted).manifests;
}

/** Entries of `index.json` without a name that are attached to something, and to what. */
export function unnamedReferrers(layout: Layout): readonly (readonly [Descriptor, Digest])[] {
  return layout.listManifests().flatMap((descriptor) => {
    if (nameOf(descriptor) !== undefined || !isManifestType(descriptor.mediaType)) return [];
    const parsed = readManifest(layout, descriptor.digest);
    const subject = parsed?.kind === "manifest" ? parsed.manifest.subject?.digest : undefined;
    return subject === undefined ? [] : [[descriptor, subject] as const];
  });
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
  const attached = [...readManifests(layout)].flatMap(([digest, parsed]) => {
    if (parsed.kind !== "manifest" || parsed.manifest.subject?.digest !== subject) return [];
    const content = layout.readBlob(digest);
    const checked = checkReferrer({ mediaType: parsed.mediaType, digest, size: content.length }, content, subject);
    return "reason" in checked ? [] : [checked.referrer.descriptor];
  });
  return addReferrers(emptyReferrersIndex, attached);
}
