import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { installPackages, openPackages, type OpenPackages } from "../debian/unpack/install-stage.ts";
import { scriptEnvironment } from "../debian/unpack/maintainer-scripts.ts";
import { prepareRoot } from "../debian/unpack/merged-usr.ts";
import type { Sandbox } from "../debian/unpack/sandbox.ts";
import type { Tree } from "../debian/unpack/tree.ts";
import type { Layout } from "../oci/layout.ts";
import type { CastMessage } from "./cast-messages.ts";
import type { CastPlan, CastStage, CastStageResult } from "./cast-plan.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import { forbidServices } from "./forbid-services.ts";
import { takeCheckpoint } from "./checkpoint.ts";
import { writeIndexedLayer, type WrittenLayer } from "./layer-writer.ts";
import { normaliseTree } from "./normalise/normalise-tree.ts";
import { PackageLayers } from "./package-layers.ts";
import { yieldToScripts } from "./thread-priority.ts";
import type { PhaseClock } from "./phase-clock.ts";
import { restoreLayers } from "./restore.ts";
import { scanTree } from "./scan-tree.ts";
import { diffStage } from "./stage-diff.ts";
import { mergeLayers, type TreeView } from "../oci/layer/tree-view.ts";

export type CastRunOptions = {
  readonly ctx: Pick<Context, "home">;
  readonly plan: CastPlan;
  readonly layout: Layout;
  readonly tree: Tree;
  readonly sandbox: Sandbox;
  readonly clock: PhaseClock;
  readonly send: (message: CastMessage) => void;
};

type PackagesStage = Extract<CastStage, { kind: "packages" }>;
type RunStage = Extract<CastStage, { kind: "run" }>;

/** One cast: the tree, what the layers so far describe of it, and the stages one after the other. */
export class CastRun {
  readonly #options: CastRunOptions;
  readonly #started = Date.now();
  #view: TreeView = new Map();
  #absent: ReadonlySet<string> = new Set();
  /** Path → number of the batch that it was unpacked in; what is not here was there before the stage: batch 0. */
  readonly #batches = new Map<string, number>();
  /** When the first scripts ran after a batch, by the clock of the file system. */
  #checkpoints: number[] = [];

  readonly #opened = new Map<CastStage, Promise<OpenPackages>>();
  #next: CastStage | undefined;

  constructor(options: CastRunOptions) {
    this.#options = options;
  }

  async all(): Promise<readonly CastStageResult[]> {
    const { plan, clock } = this.#options;
    this.#open(plan.stages[0]);
    await clock.measure("restore", () => this.#restore());
    const results: CastStageResult[] = [];
    for (const [at, stage] of plan.stages.entries()) {
      this.#next = plan.stages[at + 1];
      const layers = stage.kind === "run" ? await this.#run(stage) : await this.#install(stage);
      results.push({ stage: stage.name, layers });
    }
    return results;
  }

  /** Begins to read a stage's archives: while the layers below are restored, or while the scripts of the stage before run. */
  #open(stage: CastStage | undefined): void {
    if (stage?.kind !== "packages" || this.#opened.has(stage)) return;
    const opening = openPackages(stage.packages);
    opening.catch(() => {});
    this.#opened.set(stage, opening);
  }

  async #restore(): Promise<void> {
    const { ctx, plan, layout, tree } = this.#options;
    if (plan.below.length === 0) return prepareRoot(tree);
    const restored = await restoreLayers(ctx, { layout, layers: plan.below, tree });
    this.#view = restored.view;
    this.#absent = restored.absent;
  }

  async #install(stage: PackagesStage): Promise<readonly LayerBlob[]> {
    const { clock, tree, sandbox, send, plan } = this.#options;
    send({ kind: "packages", stage: stage.name, total: stage.packages.length });
    const layers = this.#openLayers(stage);
    const layerOf = new Map(stage.packages.map(({ name, layer }) => [name, layer]));
    this.#open(stage);
    const packages = await clock.measure("read archives", () => this.#opened.get(stage));
    this.#opened.delete(stage);
    if (packages === undefined) return [];
    this.#beginStage();
    const undo = forbidServices(tree);
    await clock.measure("install", () =>
      installPackages(packages, {
        tree,
        sandbox,
        epoch: stage.epoch,
        isBootstrap: this.#view.size === 0 && plan.below.length === 0,
        measure: (phase, work) => clock.measure(phase, work),
        onScripts: () => this.#endBatch(),
        onConfigured: () => send({ kind: "configured" }),
        onUnpacked: (item, deb, entries) => {
          for (const entry of entries) this.#noteUnpacked(entry.path);
          return layers.add(layerOf.get(item.name) ?? "", deb.sha256, entries);
        },
      }),
    );
    undo();
    const written = await clock.measure("wait for layers", () => layers.finish(stage.layers));
    return await this.#endStage(stage, written);
  }

  async #run(stage: RunStage): Promise<readonly LayerBlob[]> {
    const { sandbox, tree, clock } = this.#options;
    this.#beginStage();
    this.#endBatch();
    const undo = forbidServices(tree);
    for (const command of stage.commands) {
      const argv = ["/bin/sh", "-e", "-c", command];
      const result = await clock.measure("scripts", () => sandbox.run({ argv, env: scriptEnvironment(stage.epoch) }));
      if (result.code !== 0) throw commandFailed(command, result);
    }
    undo();
    tree.forgetFolders();
    return await this.#endStage(stage, []);
  }

  #openLayers(stage: PackagesStage): PackageLayers {
    const { ctx, layout, plan } = this.#options;
    const sizes = new Map<string, number>();
    for (const { layer } of stage.packages) sizes.set(layer, (sizes.get(layer) ?? 0) + 1);
    return new PackageLayers({ ctx, layout, compression: plan.compression, useCache: plan.useCache, sizes });
  }

  #beginStage(): void {
    this.#batches.clear();
    this.#checkpoints = [];
  }

  #endBatch(): void {
    yieldToScripts();
    this.#open(this.#next);
    this.#checkpoints.push(takeCheckpoint(`${this.#options.tree.root}/..`));
  }

  #noteUnpacked(path: string): void {
    // A path that two packages brought is compared whatever its times say.
    this.#batches.set(path, this.#batches.has(path) ? Number.POSITIVE_INFINITY : this.#checkpoints.length);
  }

  async #endStage(stage: CastStage, written: readonly WrittenLayer[]): Promise<readonly LayerBlob[]> {
    const { ctx, clock, layout, plan, tree } = this.#options;
    const index = await clock.measure("diff", () => {
      this.#view = mergeLayers([[...this.#view.values()], ...written.map((layer) => layer.index)]);
      normaliseTree(tree.root, { epoch: stage.epoch, isShipped: (path) => this.#view.has(path) });
      return this.#diff(stage.epoch);
    });
    const blobs = written.map((layer) => layer.blob);
    if (index.length === 0) return blobs;
    const title = stage.kind === "run" ? "commands" : `${stage.name}: configuration`;
    const top = await clock.measure("compress diff", () =>
      writeIndexedLayer(ctx, { layout, compression: plan.compression, title, entries: index }),
    );
    this.#view = mergeLayers([[...this.#view.values()], top.index]);
    return [...blobs, top.blob];
  }

  #diff(epoch: number): ReturnType<typeof diffStage> {
    const { root } = this.#options.tree;
    const visible = new Map([...this.#view].filter(([path]) => !this.#absent.has(path)));
    // What dev and proc hold while scripts run is mounted; the folders themselves were made for that.
    const scanned = scanTree(root, (path) => visible.has(path));
    return diffStage({
      root,
      view: visible,
      scanned,
      epoch,
      started: this.#started,
      mayDiffer: (path, stat) => {
        const checkpoint = this.#checkpoints[this.#batches.get(path) ?? 0];
        return checkpoint === undefined || stat.ctimeMs >= checkpoint;
      },
    });
  }
}

function commandFailed(command: string, { code, output }: { code: number; output: string }): IngotError {
  const printed = output.trimEnd();
  return new IngotError(
    "script-failed",
    `the build command ${JSON.stringify(command)} ended with exit code ${code}; nothing was changed`,
    {
      hint: `${printed === "" ? "it printed nothing" : "its output is above"}; correct the command below \`run:\` in ingot.yaml`,
      details: printed === "" ? [] : printed.split("\n").slice(-60),
    },
  );
}
