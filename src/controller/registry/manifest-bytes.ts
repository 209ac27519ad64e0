import type { Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";

/** The bytes of manifests, each read and hashed once while it stays in memory. */
export type ManifestBytes = { readonly read: (digest: Digest) => Buffer };

/** Of all that are kept. */
const mostBytes = 64 << 20;

export function openManifestBytes(store: Layout, limit = mostBytes): ManifestBytes {
  const kept = new Map<Digest, Buffer>();
  let size = 0;
  const keep = (digest: Digest, content: Buffer): void => {
    kept.set(digest, content);
    size += content.length;
    for (const [oldest, bytes] of kept) {
      if (size <= limit) return;
      kept.delete(oldest);
      size -= bytes.length;
    }
  };
  return {
    read: (digest) => {
      const found = kept.get(digest);
      if (found === undefined) {
        const content = store.readBlob(digest);
        keep(digest, content);
        return content;
      }
      // Those that were used last are the last to go.
      kept.delete(digest);
      kept.set(digest, found);
      return found;
    },
  };
}
