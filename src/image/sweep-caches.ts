import { existsSync, globSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { hexOf, type Digest } from "../oci/digest.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";

export type SweptCaches = { readonly files: number; readonly bytes: number };

/**
 * Removes what the caches of builds say of layers that the store no longer has, and indexes and facts of layers that no record names. All of it is made again
 * when it is needed. The caller holds the lock of builds.
 */
export function sweepCaches(
  home: string,
  options: {
    readonly hasBlob: (digest: Digest) => boolean;
    /** Milliseconds since 1970: what was never finished and is older goes, too. */
    readonly abandonedBefore: number;
    readonly dryRun?: boolean;
  },
): SweptCaches {
  const steps = listJson(join(home, "cache/steps"));
  const packageLayers = listJson(join(home, "cache/package-layers"));
  const kept = new Set<string>();
  const stale = [...steps, ...packageLayers].filter((path) => {
    const layers = layersOf(path);
    if (!layers?.every((layer) => options.hasBlob(layer.digest))) return true;
    for (const layer of layers) kept.add(hexOf(layer.diffId));
    return false;
  });
  const perLayer = ["cache/layers", "cache/inventory"].flatMap((folder) => listJson(join(home, folder)));
  const indexes = perLayer.filter((path) => !kept.has(basename(path).replace(/(\.\d+)?\.json$/, "")));
  const dropped = [...stale, ...indexes, ...listAbandoned(home, options.abandonedBefore)];
  const bytes = dropped.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  if (!options.dryRun) for (const path of dropped) rmSync(path, { force: true });
  return { files: dropped.length, bytes };
}

function listJson(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(".json") || name.endsWith(".tmp"));
  return names.map((name) => join(folder, name));
}

/** These are written without the lock of builds: only their age tells a crash from a command that is going on. */
function listAbandoned(home: string, before: number): readonly string[] {
  const paths = globSync(join(home, "cache/{builds,seals}/**/*.tmp"));
  return paths.filter((path) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) < before);
}

/** The layers that a record names; undefined for one that a crash cut off. */
function layersOf(path: string): readonly LayerBlob[] | undefined {
  try {
    const record = JSON.parse(readFileSync(path, "utf8")) as LayerBlob | { readonly layers: readonly LayerBlob[] };
    return "layers" in record ? record.layers : [record];
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
