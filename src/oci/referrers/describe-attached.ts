import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import { parseManifest } from "../manifest.ts";

export type Attached = {
  readonly subject: Digest;
  /** As a list of referrers has it: with the artifact's type and the annotations of its manifest (distribution-spec, "Listing Referrers"). */
  readonly descriptor: Descriptor & { readonly artifactType?: string };
};

/** What a manifest is attached to, and how a list describes it; undefined for one that has no subject or is damaged. */
export function describeAttached(
  content: Buffer,
  { mediaType, digest }: Pick<Descriptor, "mediaType" | "digest">,
): Attached | undefined {
  const own = readOwn(content, mediaType);
  if (own?.subject === undefined) return undefined;
  const { subject, artifactType, annotations = {} } = own;
  return {
    subject: subject.digest,
    descriptor: {
      mediaType,
      digest,
      size: content.length,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
  };
}

type Own = {
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Record<string, string>;
};

function readOwn(content: Buffer, mediaType: string): Own | undefined {
  try {
    const parsed = parseManifest(content, mediaType);
    if (parsed.kind === "index") return parsed.index;
    // The media type of the configuration where the manifest gives none (image-spec manifest.md).
    return { artifactType: parsed.manifest.config.mediaType, ...parsed.manifest };
  } catch (error) {
    if (error instanceof IngotError) return undefined;
    throw error;
  }
}
