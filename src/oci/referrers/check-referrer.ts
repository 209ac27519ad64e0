import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import { parseManifest, type ImageManifest } from "../manifest.ts";
import { isManifestType } from "../media-types.ts";

/** An artifact that is attached to an image. Type and annotations are those of its own manifest, not what a list claims. */
export type Referrer = {
  readonly descriptor: Descriptor;
  /** The media type of the configuration where the manifest gives none (image-spec manifest.md). */
  readonly artifactType: string;
  readonly annotations: Readonly<Record<string, string>>;
};

/** An entry of a list that is not used, and why. `digest` is as the list claims. */
export type SkippedReferrer = { readonly digest: string; readonly reason: string };

export type CheckedReferrer = { readonly referrer: Referrer; readonly manifest: ImageManifest } | SkippedReferrer;

/** Why an entry is not even fetched; undefined when it may be. */
export function reasonAgainst(entry: Descriptor): string | undefined {
  if (isManifestType(entry.mediaType)) return undefined;
  return `it is ${JSON.stringify(entry.mediaType.slice(0, 100))}, not an image manifest`;
}

/** Whether a manifest, whose content has the entry's digest, is what the list says: attached to this very image. */
export function checkReferrer(entry: Descriptor, content: Buffer, subject: Digest): CheckedReferrer {
  const { digest } = entry;
  const reason = reasonAgainst(entry);
  if (reason !== undefined) return { digest, reason };
  if (content.length !== entry.size) {
    return { digest, reason: `it has ${content.length} bytes, the list says ${entry.size}` };
  }
  const manifest = parse(content, entry.mediaType);
  if (manifest === undefined) return { digest, reason: "it does not follow the OCI image specification" };
  const attachedTo = manifest.subject?.digest;
  // Attack: a statement about another image, listed here to be counted for this one.
  if (attachedTo !== subject) return { digest, reason: `it is attached to ${attachedTo ?? "no image"}` };
  return { referrer: describe(manifest, { mediaType: entry.mediaType, digest, size: content.length }), manifest };
}

function describe(manifest: ImageManifest, { mediaType, digest, size }: Descriptor): Referrer {
  const artifactType = manifest.artifactType ?? manifest.config.mediaType;
  const { annotations = {} } = manifest;
  const claims = Object.keys(annotations).length === 0 ? {} : { annotations };
  return { descriptor: { mediaType, digest, size, artifactType, ...claims }, artifactType, annotations };
}

function parse(content: Buffer, mediaType: string): ImageManifest | undefined {
  try {
    const parsed = parseManifest(content, mediaType);
    return parsed.kind === "manifest" ? parsed.manifest : undefined;
  } catch (error) {
    if (error instanceof IngotError) return undefined;
    throw error;
  }
}
