import { readdirSync } from "node:fs";
import { join } from "node:path";
import { IngotError } from "../../ground/error.ts";
import { isDigest, type Digest } from "../digest.ts";
import { parseManifest, type Manifest } from "../manifest.ts";
import type { Layout } from "../layout.ts";
import { describeManifest } from "./describe-manifest.ts";

/**
 * Every digest that the roots reach: manifests, their configuration and layers, the children of an index, and whatever names one of these as its
 * `subject` (evidence goes with its image), with the list of it in `lists`. A damaged manifest reaches nothing; that is for `checkLayout` to report.
 */
export function markReachable(
  layout: Layout,
  roots: readonly Digest[],
  { lists = new Map(), known = new Set() }: Known = {},
): ReadonlySet<Digest> {
  const manifests = readManifests(layout, known);
  const referrers = Map.groupBy(
    [...manifests].filter(([, manifest]) => subjectOf(manifest) !== undefined),
    ([, manifest]) => subjectOf(manifest),
  );
  const reached = new Set<Digest>();
  const followed = new Set<Digest>();
  const pending = [...roots];
  for (let digest = pending.pop(); digest !== undefined; digest = pending.pop()) {
    if (followed.has(digest)) continue;
    followed.add(digest);
    reached.add(digest);
    const manifest = manifests.get(digest);
    // Attack: a statement with another image's manifest for its content would keep that whole image. What is in a layer is not followed.
    if (manifest?.kind === "index") pending.push(...partsOf(manifest));
    else if (manifest !== undefined) for (const part of partsOf(manifest)) reached.add(part);
    for (const [referrer] of referrers.get(digest) ?? []) pending.push(referrer);
    const list = lists.get(digest);
    if (list !== undefined) pending.push(list);
  }
  return reached;
}

type Known = {
  readonly lists?: ReadonlyMap<Digest, Digest>;
  /** Blobs that need not be read, since all that they list stays as well. */
  readonly known?: ReadonlySet<Digest>;
};

/** What a manifest lists: its children, or its configuration and layers. */
export function partsOf(parsed: Manifest): Digest[] {
  const parts = parsed.kind === "index" ? parsed.index.manifests : [parsed.manifest.config, ...parsed.manifest.layers];
  return parts.map(({ digest }) => digest);
}

function subjectOf(parsed: Manifest): Digest | undefined {
  return (parsed.kind === "index" ? parsed.index : parsed.manifest).subject?.digest;
}

/** Every manifest of the layout, named or not. */
export function readManifests(layout: Layout, except: ReadonlySet<Digest> = new Set()): Map<Digest, Manifest> {
  const found = new Map<Digest, Manifest>();
  for (const name of readdirSync(join(layout.folder, "blobs/sha256"))) {
    const digest = `sha256:${name}`;
    if (!isDigest(digest) || except.has(digest)) continue;
    const manifest = readManifest(layout, digest);
    if (manifest !== undefined) found.set(digest, manifest);
  }
  return found;
}

/** The manifest in a blob; undefined when it is none, or damaged. */
export function readManifest(layout: Layout, digest: Digest): Manifest | undefined {
  try {
    const descriptor = describeManifest(layout, digest);
    return descriptor && parseManifest(layout.readBlob(digest), descriptor.mediaType);
  } catch (error) {
    if (error instanceof IngotError && (error.code === "store-damaged" || error.code === "blob-missing"))
      return undefined;
    throw error;
  }
}
