import type { Digest } from "../oci/digest.ts";
import type { ImageDefinition } from "../project/definition.ts";
import { keyOf } from "./key-of.ts";
import { compatibility, type ImageLock, type LockedPackage } from "./lock.ts";
import type { SourceFile } from "./source-files.ts";

/**
 * One step of a build. `key` is the digest of all that decides its bytes: its own inputs and the key of the step below. `inputs` are the same for
 * people: name → value, compared with the last build's to say why a step is made again.
 */
export type BuildStep = {
  readonly name: string;
  readonly key: Digest;
  readonly epoch: number;
  readonly inputs: Readonly<Record<string, string>>;
} & (
  | { readonly kind: "packages"; readonly packages: readonly LockedPackage[]; readonly layers: readonly string[] }
  | { readonly kind: "files"; readonly files: readonly SourceFile[] }
  | { readonly kind: "run"; readonly commands: readonly string[] }
);

export type BuildPlanInput = {
  readonly definition: ImageDefinition;
  readonly lock: ImageLock;
  readonly files: readonly SourceFile[];
  /** What the image stands on: the key of an empty tree, or the base's manifest digest and date. */
  readonly base?: { readonly digest: Digest; readonly epoch: number };
};

export type BuildPlan = {
  readonly steps: readonly BuildStep[];
  /** Seconds since 1970: the newest among the stages and the base. */
  readonly epoch: number;
};

/** Says what a build of an image consists of, in order: a step a stage of packages, then the files, then the commands. Pure. */
export function planBuild(input: BuildPlanInput): BuildPlan {
  const { definition, lock } = input;
  const epoch = Math.max(input.base?.epoch ?? 0, ...lock.stages.map((stage) => stage.epoch));
  const common = { compatibility, compression: definition.compression, architecture: lock.architecture };
  const steps: BuildStep[] = [];
  let below = keyOf({ ...common, base: input.base?.digest ?? "scratch" });
  const add = (step: StepWithoutKey) => {
    const key = keyOf({ below, name: step.name, kind: step.kind, epoch: step.epoch, inputs: step.inputs });
    steps.push({ ...step, key });
    below = key;
  };
  for (const stage of lock.stages) add(packagesStep(lock, stage.name, stage.epoch));
  if (input.files.length > 0) {
    const inputs = Object.fromEntries(input.files.map((file) => [`/${file.path}`, describeFile(file)]));
    add({ kind: "files", name: "files", epoch, inputs, files: input.files });
  }
  if (definition.run.length > 0) {
    const inputs = Object.fromEntries(definition.run.map((command, at) => [`run ${at + 1}`, command]));
    add({ kind: "run", name: "run", epoch, inputs, commands: definition.run });
  }
  return { steps, epoch };
}

// An Omit over the union, member by member, so that `kind` still tells the members apart.
type OmitKey<T> = T extends unknown ? Omit<T, "key"> : never;
type StepWithoutKey = OmitKey<BuildStep>;

function packagesStep(lock: ImageLock, stage: string, epoch: number): StepWithoutKey {
  const packages = lock.packages.filter((item) => item.stage === stage);
  const layers = [...new Set(packages.map((item) => item.layer))].toSorted();
  const inputs = Object.fromEntries(
    packages.map((item) => [
      `${item.name}:${item.architecture}`,
      `${item.version} in ${item.layer} (sha256 ${item.sha256})`,
    ]),
  );
  return { kind: "packages", name: stage, epoch, inputs, packages, layers };
}

function describeFile(file: SourceFile): string {
  const owner = `${file.type} ${file.mode.toString(8)} ${file.owner}:${file.group}`;
  switch (file.type) {
    case "directory":
      return owner;
    case "symlink":
      return `${owner} → ${file.linkname}`;
    case "file":
      return `${owner} ${file.digest}`;
  }
}
