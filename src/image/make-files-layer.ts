import type { Context } from "../ground/context.ts";
import type { BuildStep } from "./build-plan.ts";
import type { Accounts } from "./accounts.ts";
import type { BuildInput } from "./build-image.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import { planFilesLayer } from "./files-layer.ts";
import { layerIndex } from "../oci/layer/layer-index.ts";
import { writeLayer } from "./layer-writer.ts";
import { mergeLayers } from "../oci/layer/tree-view.ts";

export type MakeFilesLayerInput = Pick<BuildInput, "layout" | "definition"> & {
  readonly step: Extract<BuildStep, { kind: "files" }>;
  readonly below: readonly LayerBlob[];
  readonly accounts: Accounts;
};

/** Writes the layer of the person's own files into the store. Needs no sandbox: nothing is run, and the image so far is known by its indexes. */
export async function makeFilesLayer(ctx: Context, input: MakeFilesLayerInput): Promise<LayerBlob> {
  const indexes = await Promise.all(input.below.map((layer) => layerIndex(ctx, layer)));
  const entries = planFilesLayer({
    image: input.definition.name,
    files: input.step.files,
    below: mergeLayers(indexes),
    accounts: input.accounts,
    epoch: input.step.epoch,
  });
  return writeLayer(ctx, { layout: input.layout, compression: input.definition.compression, title: "files", entries });
}
