import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import { parseManifest } from "../manifest.ts";
import { mediaTypes } from "../media-types.ts";
import type { Blobs } from "./blobs.ts";

/** Larger than any manifest: the limit that registries set (distribution-spec, "Pushing Manifests"). */
export const maximumManifestSize: number = 4 << 20;

/** The descriptor of a blob that is a manifest or an index by its own words; undefined for any other blob. */
export function describeManifest(blobs: Blobs, digest: Digest): Descriptor | undefined {
  const size = blobs.blobSize(digest);
  if (size === undefined || size > maximumManifestSize) return undefined;
  const content = blobs.readBlob(digest);
  if (content[0] !== openingBrace) return undefined;
  const mediaType = ownMediaType(content);
  return mediaType === undefined ? undefined : { mediaType, digest, size };
}

const openingBrace = 0x7b;

function ownMediaType(content: Buffer): string | undefined {
  // `mediaType` may be missing in a manifest of image-spec 1.0: then its members tell.
  for (const mediaType of [
    mediaTypes.imageManifest,
    mediaTypes.imageIndex,
    mediaTypes.dockerManifest,
    mediaTypes.dockerManifestList,
  ]) {
    try {
      parseManifest(content, mediaType);
      return mediaType;
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
    }
  }
  return undefined;
}
