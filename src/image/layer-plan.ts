/** One package as the planner sees it; sizes in bytes of the .deb. */
export type LayerInput = { readonly name: string; readonly source: string; readonly size: number };

/** A source at least this large has a layer of its own, so that its update sends nothing else. */
const ownLayerSize = 1_000_000;
/** Smaller sources share layers of up to this size. */
const sharedLayerSize = 2_000_000;

/**
 * Says which layer of a stage each package goes in: packages of one source together, because they are updated together. A package that the
 * former lock placed stays where it is (`former`: package name → layer name).
 */
export function planLayers(
  stage: string,
  packages: readonly LayerInput[],
  former: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const plan = new Map<string, string>();
  const shared = new Map<string, number>();
  const groups = groupBySource(packages).map(([source, members]) => {
    const kept = members.map((member) => former.get(member.name)).find((layer) => layer !== undefined);
    return { source, members, kept };
  });
  // Those that stay are counted first: a new source must not take their room.
  const inOrder = [...groups.filter((group) => group.kept), ...groups.filter((group) => !group.kept)];
  for (const { source, members, kept } of inOrder) {
    const size = members.reduce((sum, member) => sum + member.size, 0);
    const layer = kept ?? (size >= ownLayerSize ? `${stage}/${source}` : sharedLayer(stage, size, shared));
    if (isShared(stage, layer)) shared.set(layer, (shared.get(layer) ?? 0) + size);
    for (const member of members) plan.set(member.name, layer);
  }
  return plan;
}

function groupBySource(packages: readonly LayerInput[]): readonly (readonly [string, readonly LayerInput[]])[] {
  const groups = Map.groupBy(packages, (item) => item.source);
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function isShared(stage: string, layer: string): boolean {
  return layer.startsWith(`${stage}/+`);
}

/** The first shared layer with room; `+1`, `+2` … cannot be the name of a source, which starts with a letter or digit. */
function sharedLayer(stage: string, size: number, shared: ReadonlyMap<string, number>): string {
  for (let number = 1; ; number++) {
    const layer = `${stage}/+${number}`;
    const used = shared.get(layer) ?? 0;
    if (used === 0 || used + size <= sharedLayerSize) return layer;
  }
}
