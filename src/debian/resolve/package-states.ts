import type { Dependency, Package, Relation } from "../package.ts";
import { satisfiesRelation } from "./satisfaction.ts";
import type { Universe } from "./universe.ts";

/** Where one name stands while a set is being chosen. */
export type PackageState = {
  readonly name: string;
  /** In the base image already. */
  readonly installed: Package | undefined;
  /** What may still be chosen; undefined once it has proved impossible. */
  candidate: Package | undefined;
  /** What the set has now: the candidate, the installed one, or nothing. */
  chosen: Package | undefined;
  /** Settled by a request, or by an attempt under way: no other attempt may change it. */
  isProtected: boolean;
};

/** The set as chosen so far. */
export class PackageStates {
  readonly universe: Universe;
  readonly #states = new Map<string, PackageState>();
  /** Chosen packages by each name that they have or provide. */
  readonly #chosen = new Map<string, Set<Package>>();

  constructor(universe: Universe, installed: readonly Package[]) {
    this.universe = universe;
    for (const each of installed) this.of(each.name);
  }

  of(name: string): PackageState {
    let state = this.#states.get(name);
    if (!state) {
      const installed = this.universe.installed(name);
      state = { name, installed, candidate: this.universe.candidate(name), chosen: undefined, isProtected: false };
      this.#states.set(name, state);
      if (installed) this.choose(state, installed);
    }
    return state;
  }

  choose(state: PackageState, chosen: Package | undefined): void {
    if (state.chosen) for (const name of namesOf(state.chosen)) this.#chosen.get(name)?.delete(state.chosen);
    state.chosen = chosen;
    if (chosen) for (const name of namesOf(chosen)) this.#add(name, chosen);
  }

  /** Everything chosen, in the order in which it was met. */
  chosen(): readonly Package[] {
    return [...this.#states.values()].map(({ chosen }) => chosen).filter((each) => each !== undefined);
  }

  /** The chosen packages that fulfil the relation. */
  chosenFor(relation: Relation): readonly Package[] {
    const named = this.#chosen.get(relation.name);
    if (!named || named.size === 0) return [];
    return [...named].filter((each) => satisfiesRelation(each, relation, this.universe.architecture));
  }

  isMet(dependency: Dependency): boolean {
    return dependency.some((relation) => this.chosenFor(relation).length > 0);
  }

  /** What could still be chosen for the relation. */
  candidatesFor(relation: Relation): readonly Package[] {
    return this.universe.fulfilling(relation).filter((each) => this.of(each.name).candidate === each);
  }

  #add(name: string, chosen: Package): void {
    const set = this.#chosen.get(name);
    if (set) set.add(chosen);
    else this.#chosen.set(name, new Set([chosen]));
  }
}

function namesOf(chosen: Package): readonly string[] {
  return [chosen.name, ...chosen.provides.map(({ name }) => name)];
}

/** What a package cannot be installed together with; nothing conflicts with itself, by name or by provision (Debian Policy 7.4). */
export function isConflict(owner: Package, other: Package): boolean {
  return other.name !== owner.name;
}

/** Conflicts and Breaks alike forbid that both are installed in the end. */
export function conflictsOf(owner: Package): readonly Relation[] {
  return [...owner.conflicts, ...owner.breaks];
}
