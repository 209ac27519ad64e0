import { isDigest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import { parseImageManifest } from "../../oci/manifest.ts";
import { isIndexType } from "../../oci/media-types.ts";
import type { Database } from "../../ledger/projection/database.ts";

/** Digests of the layers of an image of the registry, the lowest first, each once; none for an index, and for one that is not there any more. */
export function layersOf({ state, store }: Sources, digest: string): readonly string[] {
  const known = state.get<{ media_type: string; kind: string }>(
    "SELECT media_type, kind FROM manifests WHERE digest = ? LIMIT 1",
    digest,
  );
  if (known === undefined || known.kind !== "image" || isIndexType(known.media_type)) return [];
  if (!isDigest(digest) || !store.hasBlob(digest)) return [];
  return [...new Set(parseImageManifest(store.readBlob(digest)).layers.map((layer) => layer.digest))];
}

export type Sources = { readonly state: Database; readonly store: Pick<Layout, "hasBlob" | "readBlob"> };

/** Whether the upper image has all layers of the lower one below its own, or the very same ones. */
export function isBuiltOn(upper: readonly string[], lower: readonly string[]): boolean {
  return lower.length > 0 && lower.every((layer, index) => upper[index] === layer);
}
