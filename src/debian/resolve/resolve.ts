import type { Package } from "../package.ts";
import { clausesOf, rootClause, type Clause } from "./clauses.ts";
import { byName } from "./dependency-graph.ts";
import { failure } from "./explain.ts";
import { Marking } from "./marking.ts";
import type { PackageIndex } from "./package-index.ts";
import { PackageStates } from "./package-states.ts";
import { findMoves, type Move } from "./pin-moves.ts";
import { addRecommends } from "./recommends.ts";
import { exactVersions, findRoots, type Root } from "./roots.ts";
import { Search } from "./search.ts";
import { isWhole, reachableFrom, type Why } from "./why.ts";
import { createUniverse, type Universe } from "./universe.ts";

export type ResolveRequest = {
  /** Names as in `ingot.yaml`: real or virtual packages, or `name=version`; followed in this order. */
  readonly packages: readonly string[];
  /** Add every Essential package of the archive: for an image from scratch. */
  readonly essential: boolean;
  /** Install Recommends as if they were Depends where that is possible. */
  readonly recommends: boolean;
  /** What the base image has (its dpkg status): stays, or is updated where something demands it; never removed. */
  readonly installed?: readonly Package[];
  /** Name to version: what a lock keeps. Moves only where something demands it. */
  readonly pins?: ReadonlyMap<string, string>;
  /** Locked packages that the mirrors may no longer list. */
  readonly extra?: readonly Package[];
};

export type Resolution = {
  /** What is to be unpacked, sorted by name: new packages, and updates of installed ones. */
  readonly packages: readonly Package[];
  /** What stays as the base image has it. */
  readonly kept: readonly Package[];
  /** By name, why each package is there: the shortest way from what was asked for. */
  readonly why: ReadonlyMap<string, Why>;
  /** Pinned packages that could not stay, and why. */
  readonly moved: readonly Move[];
  /** `search` where the left-most choices did not fit together and others had to be found. */
  readonly chosenBy: "marking" | "search";
};

/**
 * Chooses the exact packages of an image, as `apt-get install` on a machine with only `installed` would. Throws `package-unknown`,
 * `packages-unsatisfiable` or `packages-conflict`, each telling all that is wrong at once.
 */
export function resolvePackages(index: PackageIndex, request: ResolveRequest): Resolution {
  const universe = createUniverse(index, { ...request, exact: exactVersions(request.packages) });
  const requested = findRoots(request.packages, index, universe);
  const roots = rootReasons(requested, request.essential ? essentialPackages(index, universe) : []);
  const marked = mark(universe, roots, request);
  const chosen = marked ?? search(universe, roots, { request, index });
  const why = reachableFrom(chosenRoots(roots, chosen), chosen);
  const all = [...new Set([...why.keys(), ...installedNow(chosen, request)])].toSorted(byName);
  return {
    packages: all.filter((each) => universe.installed(each.name) !== each),
    kept: all.filter((each) => universe.installed(each.name) === each),
    why: new Map([...why].map(([each, reason]) => [each.name, reason])),
    moved: findMoves(all, { pins: request.pins ?? new Map(), states: chosen, index, extra: request.extra ?? [] }),
    chosenBy: marked ? "marking" : "search",
  };
}

type Roots = ReadonlyMap<Package, Why>;

function essentialPackages(index: PackageIndex, universe: Universe): readonly Package[] {
  return index.essentialNames().flatMap((name) => universe.candidate(name) ?? []);
}

/** A package that was asked for is asked for, also when it is essential. */
function rootReasons(requested: readonly Root[], essential: readonly Package[]): Roots {
  const reasons = new Map<Package, Why>(essential.map((each) => [each, { kind: "essential" }]));
  for (const { written, package: each } of requested)
    reasons.set(each, written === each.name ? { kind: "requested" } : { kind: "requested", as: written });
  return reasons;
}

/** A pinned root may have had to give way to another version of itself. */
function chosenRoots(roots: Roots, states: PackageStates): Roots {
  return new Map([...roots].map(([root, why]) => [states.of(root.name).chosen ?? root, why]));
}

function installedNow(states: PackageStates, request: ResolveRequest): readonly Package[] {
  return (request.installed ?? []).flatMap(({ name }) => states.of(name).chosen ?? []);
}

/** Undefined where the left-most choices do not fit together. */
function mark(universe: Universe, roots: Roots, request: ResolveRequest): PackageStates | undefined {
  const states = new PackageStates(universe, request.installed ?? []);
  const ordered = [...roots.keys()];
  new Marking(states, request).request(ordered);
  const needed = [...reachableFrom(roots, states).keys(), ...installedNow(states, request)];
  const isDone = ordered.every((root) => states.of(root.name).chosen === root);
  return isDone && needed.every((each) => isWhole(each, states)) ? states : undefined;
}

type SearchSetting = { readonly request: ResolveRequest; readonly index: PackageIndex };

function search(universe: Universe, roots: Roots, { request, index }: SearchSetting): PackageStates {
  const installed = request.installed ?? [];
  const pristine = new PackageStates(universe, installed);
  const wishes = [...roots.keys()].map((root) => rootClause(universe.versions(root.name)));
  const stay = installed.map((each) => rootClause([...new Set([each, ...universe.versions(each.name)])]));
  const solve = (clauses: readonly Clause[]) => new Search((chosen) => clausesOf(chosen, pristine)).solve(clauses);
  const result = solve([...wishes, ...stay]);
  if (result.kind === "impossible") throw failure(result.facts, { wishes, stay, solve, roots, index });
  const packages = request.recommends ? addRecommends(result.packages, { pristine, solve }) : result.packages;
  const states = new PackageStates(universe, installed);
  for (const each of packages) states.choose(states.of(each.name), each);
  return states;
}
