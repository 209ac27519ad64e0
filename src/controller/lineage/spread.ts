import type { Database } from "../../ledger/projection/database.ts";
import { shortDigest } from "../../oci/digest.ts";
import { isBuiltOn, layersOf, type Sources } from "./layers.ts";
import type { Reached } from "./reached.ts";

/** An image that a revocation finds by itself. */
export type Seed = Pick<Reached, "digest" | "how" | "parent">;

/**
 * The seeds, and every image of the registry that is built on one of them, on what is built on them, and so on: by what it says of its base, by its provenance, and by the layers that it has. Also the
 * indexes that list such an image, though not their other images. `isAnswered`: of an image that something better than its lineage tells of.
 */
export function spread(
  sources: Sources,
  seeds: readonly Seed[],
  isAnswered: (digest: string) => boolean = () => false,
): readonly Reached[] {
  const found = new Map<string, Reached>();
  const add = (one: Omit<Reached, "layers">): void => {
    if (!found.has(one.digest)) found.set(one.digest, { ...one, layers: layersOf(sources, one.digest) });
  };
  for (const seed of seeds) add(seed);
  const named = readNamedBases(sources.state);
  // A map goes on over what is added while it is walked through.
  for (const [digest, { layers }] of found) {
    const children = [...(named.get(digest) ?? []), ...findByLayers(sources, { digest, layers })];
    for (const child of children.filter((one) => !isAnswered(one)))
      add({ digest: child, how: `built on ${shortDigest(digest)}`, parent: digest });
  }
  // So are indexes of indexes.
  for (const [digest] of found) {
    for (const index of indexesOf(sources.state, digest)) {
      add({ digest: index, how: `lists ${shortDigest(digest)}`, parent: digest });
    }
  }
  return [...found.values()];
}

/** Manifests, and the images that they list where they are indexes, and theirs. */
export function withMembers(state: Database, digests: readonly string[]): readonly Seed[] {
  const members = new Set(digests);
  // A set goes on over what is added while it is walked through.
  for (const digest of members) {
    const rows = state.all<{ digest: string }>(
      "SELECT DISTINCT digest FROM parts WHERE manifest = ? AND kind = 'manifest' ORDER BY digest",
      digest,
    );
    for (const row of rows) members.add(row.digest);
  }
  return [...members].map((digest) => ({ digest, how: "listed by it" }));
}

/** By each base, what says that it was built on it: the annotation of its manifest, and provenance that was accepted. */
function readNamedBases(state: Database): ReadonlyMap<string, readonly string[]> {
  const rows = state.all<{ base: string; digest: string }>(
    `SELECT base, digest FROM manifests WHERE base IS NOT NULL
      UNION SELECT b.value, s.subject FROM statements s, json_each(s.data, '$.facts.bases') b WHERE s.kind = 'provenance' AND s.counts = 1 ORDER BY 1, 2`,
  );
  const byBase = Map.groupBy(rows, ({ base }) => base);
  return new Map([...byBase].map(([base, built]) => [base, built.map(({ digest }) => digest)]));
}

function findByLayers(sources: Sources, lower: Pick<Reached, "digest" | "layers">): readonly string[] {
  const top = lower.layers.at(-1);
  if (top === undefined) return [];
  return sources.state
    .all<{ manifest: string }>("SELECT DISTINCT manifest FROM parts WHERE digest = ? ORDER BY manifest", top)
    .map(({ manifest }) => manifest)
    .filter((manifest) => manifest !== lower.digest && isBuiltOn(layersOf(sources, manifest), lower.layers));
}

function indexesOf(state: Database, digest: string): readonly string[] {
  return state
    .all<{ manifest: string }>(
      "SELECT DISTINCT manifest FROM parts WHERE digest = ? AND kind = 'manifest' ORDER BY manifest",
      digest,
    )
    .map(({ manifest }) => manifest);
}
