import { IngotError } from "../../ground/error.ts";
import type { Package } from "../package.ts";
import { DependencyGraph } from "./dependency-graph.ts";

export type ClosureOptions = {
  /** Follow Recommends too. */
  readonly recommends?: boolean;
};

/**
 * The names of the packages of a resolved set that `roots` need, themselves included; virtual names are fine. Throws `package-unknown` for a root that the
 * set has no package for.
 */
export function dependencyClosure(
  packages: readonly Package[],
  roots: readonly string[],
  options: ClosureOptions = {},
): ReadonlySet<string> {
  const graph = new DependencyGraph(packages);
  const reached = new Set<Package>();
  const waiting = roots.flatMap((root) => findRoot(graph, root));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    const followed = [...next.preDepends, ...next.depends, ...(options.recommends ? next.recommends : [])];
    waiting.push(...graph.needs(followed));
  }
  return new Set([...reached].map(({ name }) => name));
}

function findRoot(graph: DependencyGraph, root: string): readonly Package[] {
  const found = graph.fulfilling([{ name: root }]);
  if (found.length > 0) return found;
  throw new IngotError("package-unknown", `the resolved packages have no ${root}`);
}
