import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { isErrno } from "../../ground/error.ts";
import { hexOf } from "../../oci/digest.ts";
import type { LayerBlob } from "../../oci/layer/layer-blob.ts";
import { indexLayer, readLayerIndex, type LayerIndex } from "../../oci/layer/layer-index.ts";
import { openLayerTar } from "../../oci/layer/layer-tar.ts";
import type { Layout } from "../../oci/layout.ts";
import type { FileFact, LayerFacts } from "./file-fact.ts";

export type ReadLayer = { readonly index: LayerIndex; readonly facts: LayerFacts };

/** Changes whenever the same layer would give other facts. */
const format = 3;

/**
 * Index and facts of a layer. They depend on nothing but its content, so they are kept below `$INGOT_HOME/cache/inventory`: an image of which one layer is
 * new costs the reading of that one. A layer is unpacked once for both. Throws what `openLayerTar` throws.
 */
export async function readLayer(
  ctx: Pick<Context, "home">,
  { layout, layer }: { readonly layout: Layout; readonly layer: LayerBlob },
): Promise<ReadLayer> {
  const path = join(ctx.home, "cache/inventory", `${hexOf(layer.diffId)}.${format}.json`);
  const kept = readKept(path);
  const keptIndex = readLayerIndex(ctx, layer.diffId);
  if (kept !== undefined && keptIndex !== undefined) return { index: keptIndex, facts: kept };
  using tar = await openLayerTar(layout, layer, { diffId: layer.diffId });
  const index = keptIndex ?? indexLayer(ctx, layer.diffId, tar);
  // Loaded when a layer is new: the list of licences takes a tenth of a second.
  const { extractFacts } = await import("./extract-facts.ts");
  const facts = extractFacts(tar);
  writeFileAtomic(path, JSON.stringify([...facts]), { durable: false });
  return { index, facts };
}

function readKept(path: string): LayerFacts | undefined {
  try {
    return new Map(JSON.parse(readFileSync(path, "utf8")) as [string, FileFact][]);
  } catch (error) {
    // Not there, or damaged: a cache, made again from the blob.
    if (isErrno(error, "ENOENT") || error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
