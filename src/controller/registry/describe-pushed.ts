import { IngotError } from "../../ground/error.ts";
import { isDigest, type Digest } from "../../oci/digest.ts";
import type { Manifest } from "../../oci/manifest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import type { EventData } from "../events/events.ts";
import type { ManifestKind } from "../events/registry-events.ts";

export type PushedManifest = {
  readonly repository: string;
  readonly digest: Digest;
  readonly size: number;
  readonly parsed: Manifest;
};

/** What the event says of a manifest. Throws `manifest-too-large`, `manifest-malformed`. */
export function describePushed(pushed: PushedManifest): EventData["manifest.pushed"] {
  const { repository, digest, size, parsed } = pushed;
  const document = parsed.kind === "index" ? parsed.index : parsed.manifest;
  const { subject } = document;
  const base = document.annotations?.["org.opencontainers.image.base.digest"];
  const artifactType = artifactTypeOf(parsed);
  return {
    repository,
    digest,
    mediaType: parsed.mediaType,
    kind: kindOf(parsed),
    size,
    ...partsOf(parsed),
    ...(artifactType === undefined ? {} : { artifactType: assertMediaType(artifactType) }),
    ...(subject === undefined ? {} : { subject: subject.digest }),
    ...(base !== undefined && isDigest(base) ? { base } : {}),
  };
}

/** So many digests fit into one event, with all else that it says. */
const mostParts = 500;

function partsOf(parsed: Manifest): { readonly blobs: readonly Digest[]; readonly manifests: readonly Digest[] } {
  const listed = parsed.kind === "index" ? parsed.index.manifests : [parsed.manifest.config, ...parsed.manifest.layers];
  const parts = [...new Set(listed.map(({ digest }) => digest))];
  if (parts.length > mostParts) {
    throw new IngotError(
      "manifest-too-large",
      `the manifest lists ${parts.length} parts, the registry takes ${mostParts}`,
      { hint: "make an image of fewer layers, or several indexes" },
    );
  }
  return parsed.kind === "index" ? { blobs: [], manifests: parts } : { blobs: parts, manifests: [] };
}

/**
 * Attack: an image to run that goes by the name of an artifact, to be pulled where it is not permitted. Engines take a configuration of these types for an image's, or look at the layers alone.
 */
function kindOf(parsed: Manifest): ManifestKind {
  if (parsed.kind === "index") return "index";
  const { config, layers } = parsed.manifest;
  const isOfImage =
    imageConfigs.has(config.mediaType) || layers.some(({ mediaType }) => /layer|rootfs|tar/i.test(mediaType));
  return isOfImage ? "image" : "artifact";
}

const imageConfigs: ReadonlySet<string> = new Set([
  mediaTypes.imageConfig,
  mediaTypes.dockerConfig,
  "application/octet-stream",
  "application/json",
  "text/plain",
  "",
]);

/** distribution-spec, "Listing Referrers": without one of its own, the type of its configuration. */
function artifactTypeOf(parsed: Manifest): string | undefined {
  if (parsed.kind === "index") return parsed.index.artifactType || undefined;
  const { artifactType, config, subject } = parsed.manifest;
  return artifactType || (subject === undefined ? undefined : config.mediaType);
}

/** RFC 6838, section 4.2, with parameters: it goes into an event, whose size is limited. */
function assertMediaType(text: string): string {
  if (text.length <= 255 && /^[\x21-\x7e]+(?:; ?[\x21-\x7e]+)*$/.test(text)) return text;
  throw new IngotError(
    "manifest-malformed",
    `the artifact type of a manifest is no media type: ${JSON.stringify(text.slice(0, 60))}`,
    {
      hint: "the tool that made this manifest must repair it",
    },
  );
}
