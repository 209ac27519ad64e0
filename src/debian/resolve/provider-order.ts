import type { Dependency, Package, Relation } from "../package.ts";
import type { PackageStates } from "./package-states.ts";

/**
 * Everything that could still fulfil a dependency, the best first: alternatives from left to right, each with its package and providers in order
 * of preference; what is installed or pinned before all of them. So does apt (2.6).
 */
export function solutionsFor(dependency: Dependency, states: PackageStates): readonly Package[] {
  const found = dependency.flatMap((relation) => sortProviders(states.candidatesFor(relation), relation, states));
  const isKept = ({ name }: Package) => states.of(name).installed !== undefined || states.universe.isPinned(name);
  const ordered = [...new Set([...found.filter(isKept), ...found])];
  return ordered.filter(({ name }) => !isRuledOut(name, states));
}

/** Not chosen, and no longer to be chosen: something that was asked for forbids it. */
function isRuledOut(name: string, states: PackageStates): boolean {
  const state = states.of(name);
  return state.isProtected && state.chosen === undefined;
}

/** Best first. Nothing is equal: the last resort is where the index first mentions a name, the later the better. */
export function sortProviders(
  providers: readonly Package[],
  relation: Relation,
  states: PackageStates,
): readonly Package[] {
  if (providers.length < 2) return providers;
  const setting = { relation, states };
  const preferred = providers.toSorted((a, b) => comparePreference(a, b, setting));
  const isTie = preferred.some((each, index) => {
    const next = preferred[index + 1];
    return next && comparePreference(each, next, setting) === 0;
  });
  return isTie ? breakTies(preferred, setting) : preferred;
}

function breakTies(providers: readonly Package[], setting: Setting): readonly Package[] {
  const ranks = setting.states.universe.mentionRanks(providers.map(({ name }) => name));
  const rankOf = new Map(providers.map((each, index) => [each, ranks[index] ?? Infinity]));
  const later = (a: Package, b: Package) => (rankOf.get(b) ?? Infinity) - (rankOf.get(a) ?? Infinity) || 0;
  return providers.toSorted((a, b) => comparePreference(a, b, setting) || later(a, b));
}

type Setting = { readonly relation: Relation; readonly states: PackageStates };

function comparePreference(a: Package, b: Package, { relation, states }: Setting): number {
  const first = states.of(a.name);
  const second = states.of(b.name);
  return (
    preferring(first.isProtected, second.isProtected) ||
    preferring(first.installed !== undefined, second.installed !== undefined) ||
    preferring(isNamedBy(relation, a), isNamedBy(relation, b)) ||
    preferring(a.essential, b.essential) ||
    preferring(a.important ?? false, b.important ?? false) ||
    priorities.indexOf(a.priority) - priorities.indexOf(b.priority)
  );
}

function preferring(first: boolean, second: boolean): number {
  return Number(second) - Number(first);
}

/** `name:any` is, to apt, a virtual name even for the package `name`. */
function isNamedBy(relation: Relation, candidate: Package): boolean {
  return relation.name === candidate.name && relation.qualifier !== "any";
}

const priorities = ["required", "important", "standard", "optional", "extra"];
