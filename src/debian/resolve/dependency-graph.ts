import type { Dependency, Package, Relation } from "../package.ts";
import { satisfiesRelation } from "./satisfaction.ts";

/** Which packages of a closed set need which others of it. */
export class DependencyGraph {
  readonly packages: readonly Package[];
  readonly #byName = new Map<string, Package[]>();
  readonly #architecture: string;

  constructor(packages: readonly Package[]) {
    this.packages = packages;
    this.#architecture = packages.find(({ architecture }) => architecture !== "all")?.architecture ?? "all";
    for (const each of packages)
      for (const name of new Set([each.name, ...each.provides.map((provision) => provision.name)]))
        this.#add(name, each);
  }

  /** Of each dependency the packages of the set that fulfil its first fulfilled alternative: one, but for virtual names. */
  needs(dependencies: readonly Dependency[]): readonly Package[] {
    return [...new Set(dependencies.flatMap((dependency) => this.fulfilling(dependency)))];
  }

  /** The package of that name before its providers. */
  fulfilling(dependency: Dependency): readonly Package[] {
    for (const relation of dependency) {
      const found = this.satisfying(relation);
      const real = found.find(({ name }) => name === relation.name);
      if (real) return [real];
      if (found.length > 0) return found;
    }
    return [];
  }

  satisfying(relation: Relation): readonly Package[] {
    const named = this.#byName.get(relation.name) ?? [];
    return named.filter((each) => satisfiesRelation(each, relation, this.#architecture));
  }

  #add(name: string, provider: Package): void {
    const providers = this.#byName.get(name);
    if (providers) providers.push(provider);
    else this.#byName.set(name, [provider]);
  }
}

export function byName(a: Package, b: Package): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
