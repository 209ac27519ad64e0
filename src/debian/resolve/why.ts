import type { Dependency, Package } from "../package.ts";
import { conflictsOf, isConflict, type PackageStates } from "./package-states.ts";

/** Why a package is in the set. */
export type Why =
  /** `as`: what was written, where it is not the package's name: a virtual name, or `name=version`. */
  | { readonly kind: "requested"; readonly as?: string }
  | { readonly kind: "essential" }
  | {
      readonly kind: "dependency";
      /** The package that wants it. */
      readonly of: string;
      readonly field: "Pre-Depends" | "Depends" | "Recommends";
      readonly dependency: Dependency;
    };

/**
 * The chosen packages that the roots need or recommend, each with the first step back on the shortest way to a root. What else was chosen is a
 * leftover of an attempt that was given up. Recommends count even where they install nothing, as for `apt autoremove`.
 */
export function reachableFrom(roots: ReadonlyMap<Package, Why>, states: PackageStates): ReadonlyMap<Package, Why> {
  const reached = new Map(roots);
  // A Map visits what is added while it is walked: breadth first.
  for (const [owner] of reached)
    for (const why of reasonsFrom(owner))
      for (const found of why.dependency.flatMap((relation) => states.chosenFor(relation)))
        if (!reached.has(found)) reached.set(found, why);
  return reached;
}

type DependencyReason = Extract<Why, { kind: "dependency" }>;

function reasonsFrom(owner: Package): readonly DependencyReason[] {
  const reasons = (field: DependencyReason["field"], dependencies: readonly Dependency[]) =>
    dependencies.map((dependency): DependencyReason => ({ kind: "dependency", of: owner.name, field, dependency }));
  return [
    ...reasons("Pre-Depends", owner.preDepends),
    ...reasons("Depends", owner.depends),
    ...reasons("Recommends", owner.recommends),
  ];
}

/** Whether all that a package depends on is chosen, and nothing that it conflicts with. */
export function isWhole(owner: Package, states: PackageStates): boolean {
  return (
    [...owner.preDepends, ...owner.depends].every((dependency) => states.isMet(dependency)) &&
    !conflictsOf(owner).some((relation) => states.chosenFor(relation).some((other) => isConflict(owner, other)))
  );
}
