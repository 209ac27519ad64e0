import type { Descriptor } from "../descriptor.ts";
import { parseManifest } from "../manifest.ts";
import type { Blobs } from "./blobs.ts";

/** Whether a manifest is attached to an image, or a list of such (also one that a newer list replaced): nothing that a person means by a few digits. */
export function isAttachment(blobs: Blobs, { digest, mediaType }: Descriptor): boolean {
  const parsed = parseManifest(blobs.readBlob(digest), mediaType);
  if (parsed.kind === "manifest") return parsed.manifest.subject !== undefined;
  const { manifests } = parsed.index;
  return manifests.length > 0 && manifests.every(({ artifactType }) => artifactType !== undefined);
}
