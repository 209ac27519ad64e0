import { z } from "zod";
import { IngotError } from "../ground/error.ts";
import { annotationsSchema, descriptorSchema } from "./descriptor.ts";
import { isIndexType, isManifestType, mediaTypes } from "./media-types.ts";
import { parseJson } from "./parse-json.ts";

// A document that is a manifest to one reader and an index to another was the attack CVE-2021-41190: each refuses the other's members.
const manifestSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().refine(isManifestType, { message: "expected the media type of a manifest" }).exactOptional(),
  artifactType: z.string().exactOptional(),
  config: descriptorSchema,
  layers: z.array(descriptorSchema),
  subject: descriptorSchema.exactOptional(),
  annotations: annotationsSchema.exactOptional(),
  manifests: z.never({ message: "a manifest has no manifests" }).exactOptional(),
});

const indexSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().refine(isIndexType, { message: "expected the media type of an index" }).exactOptional(),
  artifactType: z.string().exactOptional(),
  manifests: z.array(descriptorSchema),
  subject: descriptorSchema.exactOptional(),
  annotations: annotationsSchema.exactOptional(),
  config: z.never({ message: "an index has no config" }).exactOptional(),
  layers: z.never({ message: "an index has no layers" }).exactOptional(),
});

/** image-spec manifest.md. */
export type ImageManifest = z.infer<typeof manifestSchema>;
/** image-spec image-index.md. */
export type ImageIndex = z.infer<typeof indexSchema>;

export type Manifest =
  | { readonly kind: "manifest"; readonly mediaType: string; readonly manifest: ImageManifest }
  | { readonly kind: "index"; readonly mediaType: string; readonly index: ImageIndex };

export function parseImageManifest(content: Uint8Array | string): ImageManifest {
  return parseJson(content, manifestSchema, "the image manifest");
}

export function parseImageIndex(content: Uint8Array | string): ImageIndex {
  return parseJson(content, indexSchema, "the image index");
}

/** Either, by the media type that the descriptor or the registry gave; the document's own must not contradict it. */
export function parseManifest(content: Uint8Array | string, mediaType: string): Manifest {
  if (isIndexType(mediaType)) {
    const index = parseImageIndex(content);
    assertSameType(index.mediaType, mediaType);
    return { kind: "index", mediaType, index };
  }
  if (isManifestType(mediaType)) {
    const manifest = parseImageManifest(content);
    assertSameType(manifest.mediaType, mediaType);
    return { kind: "manifest", mediaType, manifest };
  }
  throw new IngotError("manifest-unsupported", `the media type ${JSON.stringify(mediaType)} is not that of an image`, {
    hint: "Docker's schema 1 images must be pushed again by a current tool",
  });
}

function assertSameType(own: string | undefined, given: string): void {
  if (own === undefined || own === given) return;
  throw new IngotError("manifest-malformed", `a manifest says that it is ${own}, and was served as ${given}`);
}

/** Whether the manifest is of an image with files, not of some other artifact. */
export function isImage(manifest: ImageManifest): boolean {
  const { mediaType } = manifest.config;
  return mediaType === mediaTypes.imageConfig || mediaType === mediaTypes.dockerConfig;
}
