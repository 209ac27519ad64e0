import type { Package } from "../package.ts";
import { dependencyClosure } from "../resolve/closure.ts";
import { DependencyGraph } from "../resolve/dependency-graph.ts";

/**
 * Of the unpacked packages those that must be configured before `item`'s preinst may run: what it pre-depends on, and what these need in turn
 * (Debian Policy 7.2). In the order of `unpacked`.
 */
export function mustConfigureBefore(item: Package, unpacked: readonly Package[]): readonly Package[] {
  const needed = new DependencyGraph(unpacked).needs(item.preDepends).map(({ name }) => name);
  if (needed.length === 0) return [];
  const closure = dependencyClosure(unpacked, needed);
  return unpacked.filter(({ name }) => closure.has(name));
}
