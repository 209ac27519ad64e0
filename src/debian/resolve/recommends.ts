import type { Dependency, Package } from "../package.ts";
import { allSolutions, rootClause, type Clause } from "./clauses.ts";
import { byName } from "./dependency-graph.ts";
import type { PackageStates } from "./package-states.ts";
import type { SearchResult } from "./search.ts";
import { satisfiesRelation } from "./satisfaction.ts";

export type RecommendsSetting = {
  /** With nothing chosen: only asked what there is. */
  readonly pristine: PackageStates;
  readonly solve: (roots: readonly Clause[]) => SearchResult;
};

/** Adds what the set recommends, one by one, as far as it fits beside what is already there. */
export function addRecommends(packages: readonly Package[], setting: RecommendsSetting): readonly Package[] {
  let chosen: readonly Package[] = packages.toSorted(byName);
  const visited = new Set<Package>();
  for (let next = chosen.find((each) => !visited.has(each)); next; next = chosen.find((each) => !visited.has(each))) {
    visited.add(next);
    for (const dependency of next.recommends) {
      if (isMetBy(chosen, dependency, setting.pristine.universe.architecture)) continue;
      chosen = addFirstPossible(chosen, solutionsOf(next, dependency, setting), setting);
    }
  }
  return chosen;
}

function isMetBy(chosen: readonly Package[], dependency: Dependency, architecture: string): boolean {
  return dependency.some((relation) => chosen.some((each) => satisfiesRelation(each, relation, architecture)));
}

/** As in the marking: what a pinned package recommends brings nothing new. */
function solutionsOf(owner: Package, dependency: Dependency, { pristine }: RecommendsSetting): readonly Package[] {
  const solutions = allSolutions(dependency, pristine);
  if (!pristine.universe.isPinned(owner.name)) return solutions;
  return solutions.filter(({ name }) => pristine.universe.isPinned(name));
}

function addFirstPossible(
  chosen: readonly Package[],
  solutions: readonly Package[],
  { solve }: RecommendsSetting,
): readonly Package[] {
  for (const solution of solutions) {
    const result = solve([...chosen, solution].map((each) => rootClause([each])));
    if (result.kind === "found") return result.packages.toSorted(byName);
  }
  return chosen;
}
