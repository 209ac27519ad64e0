import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import type { Layout } from "../layout.ts";
import { parseManifest } from "../manifest.ts";

/** What may have something attached to it: an image of the layout, and where it is an index each image that it lists. */
export function subjectsIn(layout: Layout, image: Descriptor): readonly Digest[] {
  const found = new Set<Digest>();
  const pending = [image];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (found.has(next.digest)) continue;
    found.add(next.digest);
    const parsed = parseManifest(layout.readBlob(next.digest), next.mediaType);
    if (parsed.kind === "index") pending.push(...parsed.index.manifests);
  }
  return [...found];
}
