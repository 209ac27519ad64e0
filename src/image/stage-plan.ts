/** One package as the planner sees it. `needs` are the names (in the resolution) that its dependencies were satisfied by. */
export type StageInput = {
  readonly name: string;
  /** Bytes of the .deb. */
  readonly size: number;
};

export type PlannedStage = { readonly name: string; readonly packages: readonly string[] };

export type StagePlanRequest = {
  readonly packages: readonly StageInput[];
  /** Names of the first stage: the Essential packages with what they need. Empty on top of another image. */
  readonly essential: ReadonlySet<string>;
  /** Requested names, in the person's order. */
  readonly requested: readonly string[];
  /** Everything that a requested name needs, itself included. */
  readonly closureOf: (name: string) => ReadonlySet<string>;
  /** The former lock's stages in order, and the stage of each of its packages. */
  readonly former: { readonly stages: readonly string[]; readonly stageOf: ReadonlyMap<string, string> };
};

/** More stages mean more runs of dpkg; fewer mean that more must be configured again after an update. */
const mostStages = 6;

const essentialStage = "essential";

/**
 * Cuts an installation into stages that build on each other: first what is Essential, then one for each requested package with what it still
 * needs. An update reruns the stage that it falls in and the later ones only. Former stages keep their place, so that an update moves nothing else.
 */
export function planStages(request: StagePlanRequest): readonly PlannedStage[] {
  const present = new Set(request.packages.map((item) => item.name));
  const assigned = new Set([...request.essential].filter((name) => present.has(name)));
  const stages: PlannedStage[] = [];
  if (assigned.size > 0) stages.push({ name: essentialStage, packages: [...assigned].toSorted() });
  for (const group of groupRequested(request)) {
    const needed = group.requested.flatMap((name) => [...request.closureOf(name)]);
    const packages = [...new Set(needed)].filter((name) => present.has(name) && !assigned.has(name));
    if (packages.length === 0) continue;
    for (const name of packages) assigned.add(name);
    stages.push({ name: group.name, packages: packages.toSorted() });
  }
  return mergeSmallest(stages, request);
}

type Group = { readonly name: string; readonly requested: readonly string[] };

/** The former stages first, with the requested names that they held; then each new name by itself, as the person ordered them. */
function groupRequested(request: StagePlanRequest): readonly Group[] {
  const { stages, stageOf } = request.former;
  const kept = stages
    .filter((name) => name !== essentialStage)
    .map((name) => ({ name, requested: request.requested.filter((item) => stageOf.get(item) === name) }));
  const fresh = request.requested.filter((name) => !stageOf.has(name)).map((name) => ({ name, requested: [name] }));
  return [...kept, ...fresh];
}

/**
 * Joins the two neighbours that are smallest together until few enough are left; the joined one has the name of its earlier part where that is a
 * former stage, else of its larger part. Two former stages are never joined.
 */
function mergeSmallest(stages: readonly PlannedStage[], request: StagePlanRequest): readonly PlannedStage[] {
  const sizes = new Map(request.packages.map((item) => [item.name, item.size]));
  const sizeOf = (stage: PlannedStage) => stage.packages.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  const isFixed = (stage: PlannedStage) => stage.name === essentialStage || request.former.stages.includes(stage.name);
  const merged = [...stages];
  while (merged.length > mostStages) {
    const at = smallestPair(merged, sizeOf, isFixed);
    if (at === undefined) break;
    const [a, b] = merged.slice(at, at + 2) as [PlannedStage, PlannedStage];
    const name = isFixed(a) || sizeOf(a) >= sizeOf(b) ? a.name : b.name;
    merged.splice(at, 2, { name, packages: [...a.packages, ...b.packages].toSorted() });
  }
  return merged;
}

function smallestPair(
  stages: readonly PlannedStage[],
  sizeOf: (stage: PlannedStage) => number,
  isFixed: (stage: PlannedStage) => boolean,
): number | undefined {
  const pairs = stages.flatMap((a, at) => {
    const b = stages[at + 1];
    return b ? [{ at, a, b }] : [];
  });
  const joinable = pairs.filter(({ a, b }) => a.name !== essentialStage && !isFixed(b));
  return joinable.toSorted((x, y) => sizeOf(x.a) + sizeOf(x.b) - sizeOf(y.a) - sizeOf(y.b))[0]?.at;
}
