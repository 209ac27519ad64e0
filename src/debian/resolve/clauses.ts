import type { Dependency, Package, Relation } from "../package.ts";
import { isConflict, type PackageStates } from "./package-states.ts";
import { sortProviders } from "./provider-order.ts";

/** A rule of the archive or a wish, in the form in which a person is told of it. */
export type Fact =
  | { readonly kind: "root"; readonly choices: readonly Package[] }
  | {
      readonly kind: "dependency";
      readonly owner: Package;
      readonly field: "Pre-Depends" | "Depends";
      readonly dependency: Dependency;
      readonly solutions: readonly Package[];
    }
  | {
      readonly kind: "conflict";
      readonly owner: Package;
      readonly field: "Conflicts" | "Breaks";
      readonly relation: Relation;
      readonly other: Package;
    }
  | { readonly kind: "one-version"; readonly owner: Package; readonly other: Package };

export type Literal = { readonly package: Package; readonly holds: boolean };

/** At least one literal is true; the earlier, the better. */
export type Clause = {
  readonly literals: readonly Literal[];
  /** What it follows from. */
  readonly facts: ReadonlySet<Fact>;
};

/** One of `choices` must be in the set, the first if possible. */
export function rootClause(choices: readonly Package[]): Clause {
  return clauseOf({ kind: "root", choices }, choices.map(holding));
}

/** All that follows from choosing `owner`. */
export function clausesOf(owner: Package, states: PackageStates): readonly Clause[] {
  return [
    ...owner.preDepends.map((dependency) => dependencyClause({ owner, field: "Pre-Depends", dependency }, states)),
    ...owner.depends.map((dependency) => dependencyClause({ owner, field: "Depends", dependency }, states)),
    ...owner.conflicts.flatMap((relation) => conflictClauses({ owner, field: "Conflicts", relation }, states)),
    ...owner.breaks.flatMap((relation) => conflictClauses({ owner, field: "Breaks", relation }, states)),
    ...states.universe
      .versions(owner.name)
      .filter((other) => other !== owner)
      .map((other) => exclusion({ kind: "one-version", owner, other })),
  ];
}

type Dependent = Pick<Extract<Fact, { kind: "dependency" }>, "owner" | "field" | "dependency">;

function dependencyClause(dependent: Dependent, states: PackageStates): Clause {
  const solutions = allSolutions(dependent.dependency, states);
  const literals = [{ package: dependent.owner, holds: false }, ...solutions.map(holding)];
  return clauseOf({ kind: "dependency", ...dependent, solutions }, literals);
}

/** In order of preference, other versions than the candidates too. */
export function allSolutions(dependency: Dependency, states: PackageStates): readonly Package[] {
  const { universe } = states;
  const found = dependency.flatMap((relation) => sortProviders(universe.fulfilling(relation), relation, states));
  const isKept = (each: Package) =>
    universe.installed(each.name) === each || (universe.isPinned(each.name) && universe.candidate(each.name) === each);
  return [...new Set([...found.filter(isKept), ...found])];
}

type Conflicting = Pick<Extract<Fact, { kind: "conflict" }>, "owner" | "field" | "relation">;

function conflictClauses(conflicting: Conflicting, states: PackageStates): readonly Clause[] {
  return states.universe
    .fulfilling(conflicting.relation)
    .filter((other) => isConflict(conflicting.owner, other))
    .map((other) => exclusion({ kind: "conflict", ...conflicting, other }));
}

function exclusion(fact: Extract<Fact, { kind: "conflict" | "one-version" }>): Clause {
  return clauseOf(fact, [
    { package: fact.owner, holds: false },
    { package: fact.other, holds: false },
  ]);
}

function holding(each: Package): Literal {
  return { package: each, holds: true };
}

function clauseOf(fact: Fact, literals: readonly Literal[]): Clause {
  return { literals, facts: new Set([fact]) };
}
