import type { Package } from "../package.ts";
import { byName, DependencyGraph } from "./dependency-graph.ts";

/**
 * The order in which a set is unpacked and configured: what a package pre-depends on or depends on comes before it; Essential packages, which
 * nobody needs to name, come before all others. Depends may form circles: those are cut where fewest dependencies stay unmet, Pre-Depends
 * never. The order depends on the set alone, not on the order of the argument.
 */
export function orderPackages(packages: readonly Package[]): readonly Package[] {
  return dependencyGroups(packages).flat();
}

/**
 * The same order in groups: a group is one package, or a circle of packages that need each other; every group needs only groups before it, so
 * that groups which do not need each other may be worked on together.
 */
export function dependencyGroups(packages: readonly Package[]): readonly (readonly Package[])[] {
  const graph = new DependencyGraph(packages.toSorted(byName));
  const circles = new CircleFinder((each) => graph.needs([...each.preDepends, ...each.depends])).find(
    startingPoints(graph),
  );
  return circles.map((circle) => (circle.length === 1 ? circle : cutCircle(circle, graph)));
}

function startingPoints({ packages }: DependencyGraph): readonly Package[] {
  return [...packages.filter(({ essential }) => essential), ...packages.filter(({ essential }) => !essential)];
}

/** Tarjan's strongly connected components: gives each circle after all that it needs. */
class CircleFinder {
  readonly #needs: (each: Package) => readonly Package[];
  readonly #entered = new Map<Package, number>();
  readonly #open = new Set<Package>();
  readonly #circles: Package[][] = [];

  constructor(needs: (each: Package) => readonly Package[]) {
    this.#needs = needs;
  }

  find(starts: readonly Package[]): readonly (readonly Package[])[] {
    for (const start of starts) if (!this.#entered.has(start)) this.#visit(start);
    return this.#circles;
  }

  #visit(each: Package): number {
    const entered = this.#entered.size;
    let lowest = entered;
    this.#entered.set(each, entered);
    this.#open.add(each);
    for (const needed of this.#needs(each)) {
      const seen = this.#entered.get(needed);
      if (seen === undefined) lowest = Math.min(lowest, this.#visit(needed));
      else if (this.#open.has(needed)) lowest = Math.min(lowest, seen);
    }
    if (lowest === entered) this.#circles.push(this.#close(each));
    return lowest;
  }

  /** Everything entered since `root`. The set keeps the order of entry. */
  #close(root: Package): Package[] {
    const open = [...this.#open];
    const circle = open.slice(open.indexOf(root));
    for (const member of circle) this.#open.delete(member);
    return circle;
  }
}

/** Takes the members one by one: Pre-Depends first met, then fewest unmet Depends, then by name. */
function cutCircle(circle: readonly Package[], graph: DependencyGraph): readonly Package[] {
  const left = new Set(circle.toSorted(byName));
  const ordered: Package[] = [];
  while (left.size > 0) {
    const unmet = (each: Package, dependencies: Package["depends"]) =>
      graph.needs(dependencies).filter((needed) => needed !== each && left.has(needed)).length;
    // A circle of Pre-Depends cannot be unpacked at all; Debian has none, and weighing them still ends.
    const cost = (each: Package) => unmet(each, each.preDepends) * circle.length + unmet(each, each.depends);
    const next = [...left].reduce((best, each) => (cost(each) < cost(best) ? each : best));
    left.delete(next);
    ordered.push(next);
  }
  return ordered;
}
