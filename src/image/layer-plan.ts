/** One package as the planner sees it; sizes in bytes of the .deb. */
export type LayerInput = { readonly name: string; readonly source: string; readonly size: number };

export type LayerPlanRequest = {
  readonly stage: string;
  readonly packages: readonly LayerInput[];
  /** Package → layer in the former lock: who has a place keeps it. */
  readonly former: ReadonlyMap<string, string>;
  /** How many layers the stage may have for packages; only former ones can make it more. */
  readonly most: number;
};

/** A source at least this large has a layer of its own while the budget lasts, so that its update sends nothing else. */
const ownLayerSize = 200_000;
/** Smaller sources share layers of up to this size, or larger ones where the budget is short. */
const sharedLayerSize = 400_000;

/**
 * Says which layer of a stage each package goes in: package name → layer name. Packages of one source stay together, because they are updated
 * together. Many small layers make updates small; engines take 127 at most, so there is a budget.
 */
export function planLayers(request: LayerPlanRequest): ReadonlyMap<string, string> {
  const { stage } = request;
  const groups = groupBySource(request);
  const kept = groups.filter((group) => group.kept !== undefined);
  const fresh = groups.filter((group) => group.kept === undefined);
  const room = Math.max(1, request.most - new Set(kept.map((group) => group.kept)).size);
  const large = fresh.filter((group) => group.size >= ownLayerSize).toSorted((a, b) => b.size - a.size);
  // Two are left for the small ones, which are always there in practice.
  const own = new Set(large.slice(0, Math.max(0, room - 2)));
  const rest = fresh.filter((group) => !own.has(group));
  const capacity = Math.max(sharedLayerSize, Math.ceil((1.2 * totalSize(rest)) / Math.max(1, room - own.size)));
  const shared = new Map<string, number>();
  const plan = new Map<string, string>();
  // Those that stay are counted first: a new source must not take their room.
  for (const group of [...kept, ...own, ...rest]) {
    const layer =
      group.kept ??
      (own.has(group) ? `${stage}/${group.source}` : sharedLayer(group.size, { stage, shared, capacity }));
    if (layer.startsWith(`${stage}/+`)) shared.set(layer, (shared.get(layer) ?? 0) + group.size);
    for (const name of group.names) plan.set(name, layer);
  }
  return plan;
}

type SourceGroup = {
  readonly source: string;
  readonly names: readonly string[];
  readonly size: number;
  /** Its layer in the former lock. */
  readonly kept: string | undefined;
};

function groupBySource({ packages, former }: LayerPlanRequest): readonly SourceGroup[] {
  const groups = [...Map.groupBy(packages, (item) => item.source)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return groups.map(([source, members]) => ({
    source,
    names: members.map((member) => member.name),
    size: members.reduce((sum, member) => sum + member.size, 0),
    kept: members.map((member) => former.get(member.name)).find((layer) => layer !== undefined),
  }));
}

function totalSize(groups: readonly SourceGroup[]): number {
  return groups.reduce((sum, group) => sum + group.size, 0);
}

type SharedLayers = { readonly stage: string; readonly shared: ReadonlyMap<string, number>; readonly capacity: number };

/** The first shared layer with room; `+1`, `+2` … cannot be the name of a source, which starts with a letter or digit. */
function sharedLayer(size: number, { stage, shared, capacity }: SharedLayers): string {
  for (let number = 1; ; number++) {
    const layer = `${stage}/+${number}`;
    const used = shared.get(layer) ?? 0;
    if (used === 0 || used + size <= capacity) return layer;
  }
}
