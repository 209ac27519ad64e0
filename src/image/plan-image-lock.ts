import type { Package } from "../debian/package.ts";
import type { Suite } from "../debian/suite.ts";
import { present } from "../ground/present.ts";
import type { ImageDefinition } from "../project/definition.ts";
import { keyOf } from "./key-of.ts";
import { planLayers } from "./layer-plan.ts";
import type { ImageLock, LockedBase, LockedPackage, LockedStage } from "./lock.ts";
import { planStages, type PlannedStage } from "./stage-plan.ts";

export type ImageLockInput = {
  readonly definition: ImageDefinition;
  readonly architecture: string;
  readonly base: LockedBase;
  /** In the order of the index that the packages were resolved from. */
  readonly suites: readonly Suite[];
  /** What has to be installed, without what the base already has. */
  readonly packages: readonly Package[];
  /** Names of the Essential packages with what they need; empty on top of another image. */
  readonly essential: ReadonlySet<string>;
  /** The requested packages by their real names, in the person's order. */
  readonly requested: readonly string[];
  readonly closureOf: (name: string) => ReadonlySet<string>;
  readonly former: ImageLock | undefined;
};

/**
 * Turns a resolution into an entry of the lock: stages, layers and dates. Where nothing would be installed otherwise than before, the former entry
 * is kept to the byte, so that locking again without a change changes nothing.
 */
export function planImageLock(input: ImageLockInput): ImageLock {
  const stages = planStages({
    packages: input.packages,
    essential: input.essential,
    requested: input.requested,
    closureOf: input.closureOf,
    former: formerStages(input.former),
  });
  const packages = stages.flatMap((stage) => placePackages(stage, input));
  const { architecture, base, former } = input;
  const request = requestKey(input.definition);
  if (
    former &&
    isSame(namesOf(former.suites), namesOf(usedSuites(input))) &&
    isSame({ ...former, suites: [], stages: [] }, { architecture, base, request, suites: [], stages: [], packages })
  ) {
    return former;
  }
  const epoch = newestDate(input.suites);
  return {
    architecture,
    base,
    request,
    suites: usedSuites(input),
    stages: stages.map((stage) => dateStage(stage.name, packages, { epoch, former })),
    packages,
  };
}

/** The part of a definition that decides what is locked: when it differs from the lock's, the lock is stale. */
export function requestKey(definition: ImageDefinition): ImageLock["request"] {
  return keyOf({
    base: definition.base,
    // In the person's order: it decides between alternatives, and which stage comes first.
    packages: definition.packages,
    recommends: definition.recommends,
  });
}

function formerStages(former: ImageLock | undefined): {
  readonly stages: readonly string[];
  readonly stageOf: ReadonlyMap<string, string>;
} {
  return {
    stages: former?.stages.map((stage) => stage.name) ?? [],
    stageOf: new Map(former?.packages.map((item) => [item.name, item.stage] as const)),
  };
}

function placePackages(stage: PlannedStage, input: ImageLockInput): readonly LockedPackage[] {
  const byName = new Map(input.packages.map((item) => [item.name, item]));
  const packages = stage.packages.map((name) => present(byName.get(name), `the resolved package ${name}`));
  // A package that moved to another stage starts anew there: a layer belongs to one stage.
  const stayed = input.former?.packages.filter((item) => item.stage === stage.name) ?? [];
  const layers = planLayers({
    stage: stage.name,
    packages,
    former: new Map(stayed.map((item) => [item.name, item.layer])),
    most: layerBudget(stage, input),
  });
  return packages.map((item) => ({
    name: item.name,
    version: item.version,
    architecture: item.architecture,
    source: item.source,
    sourceVersion: item.sourceVersion,
    sha256: item.sha256,
    size: item.size,
    path: item.filename,
    archive: present(input.suites[item.suite], `the suite of ${item.name}`).archive,
    stage: stage.name,
    layer: present(layers.get(item.name), `the layer of ${item.name}`),
  }));
}

/**
 * Layers for packages in all stages together. Engines on overlayfs take 127 in all; an image on top of others, its files, commands and what scripts
 * wrote need theirs too.
 */
const mostLayers = { debian: 60, image: 24, oci: 24 } as const;

/** A stage's share of the budget, by its bytes. */
function layerBudget(stage: PlannedStage, input: ImageLockInput): number {
  const names = new Set(stage.packages);
  const sizeOf = (packages: readonly Package[]) => packages.reduce((sum, item) => sum + item.size, 0);
  const share = sizeOf(input.packages.filter((item) => names.has(item.name))) / Math.max(1, sizeOf(input.packages));
  return Math.max(3, Math.floor(mostLayers[input.base.kind] * share));
}

function dateStage(
  name: string,
  packages: readonly LockedPackage[],
  options: { readonly epoch: number; readonly former: ImageLock | undefined },
): LockedStage {
  const before = options.former?.stages.find((stage) => stage.name === name);
  const ofStage = (all: readonly LockedPackage[]) => all.filter((item) => item.stage === name);
  const unchanged = before && isSame(ofStage(options.former?.packages ?? []), ofStage(packages));
  return unchanged ? before : { name, epoch: options.epoch };
}

function isSame(a: unknown, b: unknown): boolean {
  return keyOf(a) === keyOf(b);
}

/** Seconds since 1970. */
function newestDate(suites: readonly Suite[]): number {
  return Math.max(0, ...suites.map((suite) => Math.floor(Date.parse(suite.date) / 1000)));
}

function namesOf(suites: readonly Suite[]): readonly string[] {
  return suites.map(({ archive, suite }) => `${archive} ${suite}`);
}

/** An image that installs nothing does not depend on the archive. */
function usedSuites(input: ImageLockInput): readonly Suite[] {
  return input.packages.length === 0 ? [] : input.suites;
}
