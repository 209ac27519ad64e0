import type { Context } from "../ground/context.ts";
import type { Digest } from "../oci/digest.ts";
import type { Layout } from "../oci/layout.ts";
import type { ImageDefinition, Project } from "../project/definition.ts";
import { noAccounts } from "./accounts.ts";
import type { BaseImage } from "./base-image.ts";
import type { BuildCache, StepOutcome } from "./build-cache.ts";
import { planBuild, type BuildPlan, type BuildStep } from "./build-plan.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import { explainStep } from "./explain-step.ts";
import type { ImageLock } from "./lock.ts";
import { makeSteps } from "./make-steps.ts";
import { readSourceFiles, type SourceFile } from "./source-files.ts";
import { writeImage, type WrittenImage } from "./write-image.ts";

export type BuildInput = {
  readonly project: Project;
  readonly definition: ImageDefinition;
  readonly lock: ImageLock;
  readonly base: BaseImage | undefined;
  readonly layout: Layout;
  readonly cache: BuildCache;
  readonly useCache: boolean;
};

export type BuiltStep = {
  readonly name: string;
  readonly kind: BuildStep["kind"];
  readonly reused: boolean;
  /** Why it was made again, or that nothing changed: for people. */
  readonly why: string;
  readonly layers: readonly LayerBlob[];
};

export type BuiltImage = WrittenImage & {
  readonly name: string;
  /** `PROJECT/NAME`, as the store knows it. */
  readonly reference: string;
  readonly layers: readonly LayerBlob[];
  readonly steps: readonly BuiltStep[];
  /** The files of this host that went into it, as they were read; without their content. */
  readonly sources: readonly BuiltSource[];
  /** The image of the same project that it stands on. */
  readonly below?: BuiltImage;
  /** Wall time. */
  readonly seconds: number;
};

/** `path` is absolute. Of the host's metadata only the executable bit has counted. */
export type BuiltSource = { readonly path: string } & (
  | { readonly type: "file"; readonly digest: Digest; readonly isExecutable: boolean }
  | { readonly type: "symlink"; readonly linkname: string }
  | { readonly type: "directory" }
);

/** Builds one image: reuses every step whose inputs are those of an earlier build, makes the rest, writes manifest and reference. */
export async function buildImage(ctx: Context, input: BuildInput): Promise<BuiltImage> {
  const started = performance.now();
  const { project, definition, lock, base, cache } = input;
  const files = readSourceFiles(definition.files);
  const plan = planBuild({
    definition,
    lock,
    files,
    ...(base ? { base: { digest: base.digest, epoch: base.epoch } } : {}),
  });
  const image = `${project.name}/${definition.name}`;
  const reused = input.useCache ? reusableOutcomes(plan, cache) : [];
  const made = await makeSteps(ctx, { ...input, plan, reused });
  const outcomes = [...reused, ...made];
  const steps = describeSteps(
    { plan, outcomes, reused: reused.length, former: cache.lastSteps(image) },
    input.useCache,
  );
  cache.keepSteps(image, plan.steps);
  const layers = [...(base?.layers ?? []), ...outcomes.flatMap((outcome) => outcome.layers)];
  const accounts = outcomes.at(-1)?.accounts ?? base?.accounts ?? noAccounts;
  const written = await writeImage(input.layout, { ...input, layers, accounts, epoch: plan.epoch, reference: image });
  const seconds = (performance.now() - started) / 1000;
  const sources = files.flatMap(describeSource);
  return { ...written, name: definition.name, reference: image, layers, steps, sources, seconds };
}

function describeSource(file: SourceFile): readonly BuiltSource[] {
  if (file.from === undefined) return [];
  const { path, isExecutable } = file.from;
  switch (file.type) {
    case "file":
      return [{ path, type: "file", digest: file.digest, isExecutable }];
    case "symlink":
      return [{ path, type: "symlink", linkname: file.linkname }];
    case "directory":
      return [{ path, type: "directory" }];
  }
}

/** Outcomes of the first steps, up to the first that is not known: what stands on a new layer is new itself. */
function reusableOutcomes(plan: BuildPlan, cache: BuildCache): readonly StepOutcome[] {
  const outcomes: StepOutcome[] = [];
  for (const step of plan.steps) {
    const outcome = cache.find(step.key);
    if (!outcome) break;
    outcomes.push(outcome);
  }
  return outcomes;
}

type StepsInput = {
  readonly plan: BuildPlan;
  readonly outcomes: readonly StepOutcome[];
  /** How many of the outcomes, from the first, came from the cache. */
  readonly reused: number;
  readonly former: ReturnType<BuildCache["lastSteps"]>;
};

function describeSteps(input: StepsInput, useCache: boolean): readonly BuiltStep[] {
  return input.plan.steps.map((step, at) => {
    const isReused = at < input.reused;
    const whyMade = useCache ? explainStep(step, input.former, at > input.reused) : "the cache was not used";
    const why = isReused ? "its inputs are the same" : whyMade;
    return { name: step.name, kind: step.kind, reused: isReused, why, layers: input.outcomes[at]?.layers ?? [] };
  });
}
