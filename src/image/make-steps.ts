import type { Context } from "../ground/context.ts";
import { present } from "../ground/present.ts";
import { storeFolder } from "../oci/layout.ts";
import { findAccounts } from "./find-accounts.ts";
import { noAccounts, type Accounts } from "./accounts.ts";
import { fetchPackages } from "./fetch-packages.ts";
import type { BuildInput } from "./build-image.ts";
import type { StepOutcome } from "./build-cache.ts";
import type { BuildPlan, BuildStep } from "./build-plan.ts";
import type { CastStage, CastStageResult } from "./cast-plan.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import { castStages } from "./cast.ts";
import { makeFilesLayer } from "./make-files-layer.ts";

export type MakeStepsInput = BuildInput & {
  readonly plan: BuildPlan;
  /** Outcomes of the first steps, which need not be made. */
  readonly reused: readonly StepOutcome[];
};

/**
 * Makes the steps that are left, in order. Neighbouring steps that need the sandbox share one: unpacking and configuring stages one after the
 * other in the same tree, with nothing restored in between.
 */
export async function makeSteps(ctx: Context, input: MakeStepsInput): Promise<readonly StepOutcome[]> {
  const left = input.plan.steps.slice(input.reused.length);
  const below: LayerBlob[] = [...(input.base?.layers ?? []), ...input.reused.flatMap((outcome) => outcome.layers)];
  let accounts = input.reused.at(-1)?.accounts ?? input.base?.accounts ?? noAccounts;
  const outcomes: StepOutcome[] = [];
  const keep = (step: BuildStep, layers: readonly LayerBlob[], after: Accounts) => {
    below.push(...layers);
    accounts = after;
    outcomes.push({ layers, accounts });
    input.cache.keep(step.key, { layers, accounts });
  };
  for (const group of groupSteps(left)) {
    if (group.kind === "files") {
      const layer = await makeFilesLayer(ctx, { ...input, step: group.step, below, accounts });
      keep(group.step, [layer], await findAccounts(ctx, { ...input, layers: [layer], before: accounts }));
      continue;
    }
    const results = await castGroup(ctx, { ...input, steps: group.steps, below: [...below] });
    for (const [at, step] of group.steps.entries()) {
      const { layers } = present(results[at], `the result of ${step.name}`);
      keep(step, layers, await findAccounts(ctx, { ...input, layers, before: accounts }));
    }
  }
  return outcomes;
}

type SandboxStep = Exclude<BuildStep, { kind: "files" }>;
type StepGroup =
  | { readonly kind: "files"; readonly step: Extract<BuildStep, { kind: "files" }> }
  | { readonly kind: "cast"; readonly steps: SandboxStep[] };

function groupSteps(steps: readonly BuildStep[]): readonly StepGroup[] {
  const groups: StepGroup[] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (step.kind === "files") groups.push({ kind: "files", step });
    else if (last?.kind === "cast") last.steps.push(step);
    else groups.push({ kind: "cast", steps: [step] });
  }
  return groups;
}

async function castGroup(
  ctx: Context,
  input: MakeStepsInput & { readonly steps: readonly SandboxStep[]; readonly below: readonly LayerBlob[] },
): Promise<readonly CastStageResult[]> {
  const packages = input.steps.flatMap((step) => (step.kind === "packages" ? step.packages : []));
  const files = await fetchPackages(ctx, { project: input.project, lock: input.lock, packages });
  return castStages(ctx, {
    architecture: input.lock.architecture,
    compression: input.definition.compression,
    store: storeFolder(ctx),
    useCache: input.useCache,
    below: input.below,
    stages: input.steps.map((step) => castStage(step, files)),
  });
}

function castStage(step: SandboxStep, files: ReadonlyMap<string, string>): CastStage {
  const { name, epoch } = step;
  if (step.kind === "run") return { kind: "run", name, epoch, commands: step.commands };
  const packages = step.packages.map((item) => ({
    name: item.name,
    version: item.version,
    file: present(files.get(item.sha256), `the archive of ${item.name}`),
    sha256: item.sha256,
    layer: item.layer,
  }));
  return { kind: "packages", name, epoch, layers: step.layers, packages };
}
