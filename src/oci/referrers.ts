import { IngotError } from "../ground/error.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import type { Layout } from "./layout.ts";
import { maximumManifestSize } from "./layout/describe-manifest.ts";
import { withIndexLock } from "./layout/references.ts";
import { mediaTypes } from "./media-types.ts";
import { checkReferrer, type Referrer, type SkippedReferrer } from "./referrers/check-referrer.ts";
import { listEntries, readList, setList } from "./referrers/layout-list.ts";
import { addReferrers, claimedDigest, readEntry, type ReferrersIndex } from "./referrers/referrers-index.ts";

export type { Referrer, SkippedReferrer } from "./referrers/check-referrer.ts";

export type Artifact = {
  readonly artifactType: string;
  readonly layers: readonly { readonly mediaType: string; readonly content: Uint8Array }[];
  readonly annotations?: Readonly<Record<string, string>>;
};

/**
 * Attaches an artifact to an image of the layout (image-spec manifest.md, "Guidelines for Artifact Usage") and returns its manifest's descriptor. Durable when
 * it returns. The same artifact twice is one. Throws `blob-missing` when the image is not there, `referrers-unusable` when its list is full or no list.
 */
export async function attachArtifact(layout: Layout, subject: Descriptor, artifact: Artifact): Promise<Descriptor> {
  const { artifactType, layers, annotations = {} } = artifact;
  const { mediaType, digest, size } = subject;
  const manifest = canonicalJson({
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    artifactType,
    config: put(layout, emptyContent, mediaTypes.empty),
    layers:
      layers.length === 0
        ? [put(layout, emptyContent, mediaTypes.empty)]
        : layers.map((layer) => put(layout, layer.content, layer.mediaType)),
    // Only these members: another descriptor of the same image must not make another manifest.
    subject: { mediaType, digest, size },
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  });
  const checked = checkReferrer(put(layout, manifest, mediaTypes.imageManifest), manifest, digest);
  if ("reason" in checked) throw new IngotError("internal-error", `an artifact was made wrongly: ${checked.reason}`);
  await attachReferrers(layout, digest, [checked.descriptor]);
  return checked.descriptor;
}

/** Lists manifests, which are in the layout and were checked, as attached to an image. Many at once are one write. */
export async function attachReferrers(layout: Layout, subject: Digest, added: readonly Descriptor[]): Promise<void> {
  await withIndexLock(layout.folder, () => {
    const size = layout.blobSize(subject);
    // Renewed, so that garbage collection does not sweep an image that is only now getting its name.
    if (size === undefined || !layout.renewBlob(subject, size)) layout.readBlob(subject);
    const list = readList(layout, subject);
    const whole = addReferrers(withoutLost(layout, list), added);
    if (!canonicalJson(whole).equals(canonicalJson(list))) setList(layout, subject, whole);
  });
}

/** What is attached to an image of the layout, sorted by digest; what a list names wrongly is left out. Throws `referrers-unusable` where there is no telling. */
export function listReferrers(layout: Layout, subject: Digest): readonly Referrer[] {
  return readReferrers(layout, subject).referrers;
}

export type ReferrerList = { readonly referrers: readonly Referrer[]; readonly skipped: readonly SkippedReferrer[] };

/** As `listReferrers`, with what was left out and why. Every manifest is read and hashed: ten thousand take about a second. */
export function readReferrers(layout: Layout, subject: Digest): ReferrerList {
  const referrers: Referrer[] = [];
  const skipped: SkippedReferrer[] = [];
  for (const raw of listEntries(layout, subject)) {
    const checked = checkEntry(layout, raw, subject);
    if ("reason" in checked) skipped.push(checked);
    else referrers.push(checked);
  }
  return { referrers, skipped };
}

/** What damage took from the layout is not named for ever. */
function withoutLost(layout: Layout, list: ReferrersIndex): ReferrersIndex {
  const isThere = (digest: Digest | undefined): boolean => digest !== undefined && layout.hasBlob(digest);
  return { ...list, manifests: list.manifests.filter((entry) => isThere(readEntry(entry)?.digest)) };
}

function checkEntry(layout: Layout, raw: unknown, subject: Digest): ReturnType<typeof checkReferrer> {
  const entry = readEntry(raw);
  if (entry === undefined) return { digest: claimedDigest(raw), reason: "its descriptor is malformed" };
  const { digest } = entry;
  const size = layout.blobSize(digest);
  if (size === undefined) return { digest, reason: "it is missing" };
  // Attack: a layer as large as the memory, listed with its right size.
  if (size > maximumManifestSize) return { digest, reason: `it has ${size} bytes, more than a manifest may have` };
  if (size !== entry.size) return { digest, reason: `it has ${size} bytes, the list says ${entry.size}` };
  try {
    return checkReferrer(entry, layout.readBlob(digest), subject);
  } catch (error) {
    if (!(error instanceof IngotError && error.code === "store-damaged")) throw error;
    return { digest, reason: "it is damaged" };
  }
}

const emptyContent = Buffer.from("{}");

function put(layout: Layout, content: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: layout.putBlob(content), size: content.length };
}
