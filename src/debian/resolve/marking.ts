import type { Dependency, Package } from "../package.ts";
import { makeRoom } from "./make-room.ts";
import type { PackageState, PackageStates } from "./package-states.ts";
import { solutionsFor } from "./provider-order.ts";
import { isWhole } from "./why.ts";

export type MarkingOptions = { readonly recommends: boolean };

type Need = {
  readonly owner: Package;
  readonly dependency: Dependency;
  /** The owner is broken without it: all but Recommends. */
  readonly isHard: boolean;
};

/**
 * Chooses as apt 2.6 marks: depth first, from the requested packages down; each dependency takes its best solution, and the next one where that
 * fails; a package whose hard dependency fails is given up for good. What is asked for, and all that follows from it without a choice, is
 * protected: whatever conflicts with it is ruled out. The result may be broken, or hold leftovers of attempts given up: the caller checks.
 */
export class Marking {
  readonly #states: PackageStates;
  readonly #options: MarkingOptions;

  constructor(states: PackageStates, options: MarkingOptions) {
    this.#states = states;
    this.#options = options;
  }

  /** Marks what was asked for, in this order. */
  request(roots: readonly Package[]): void {
    for (const root of roots) {
      const state = this.#states.of(root.name);
      state.isProtected = true;
      this.#states.choose(state, state.candidate);
    }
    for (const root of roots) this.#mark(this.#states.of(root.name), { isRequest: true });
  }

  /** Chooses the candidate with all that it needs; false, and without it, when that cannot be. */
  #mark(state: PackageState, { isRequest = false } = {}): boolean {
    const candidate = state.candidate;
    if (!candidate || (!isRequest && !this.#mayChange(state))) return false;
    if (!state.isProtected && state.chosen === candidate && this.#isWhole(candidate)) return true;
    if (!this.#hasCandidates(state, candidate)) return false;
    const wasProtected = state.isProtected;
    const mayFail = wasProtected || isRequest;
    const needs = this.#openNeeds(candidate, wasProtected);
    if (!makeRoom(candidate, this.#states, { forGood: wasProtected, goOn: mayFail }) && !mayFail) return false;
    this.#states.choose(state, candidate);
    state.isProtected = true;
    const isDone = this.#installNeeds(needs, { wasProtected, mayFail });
    state.isProtected = wasProtected;
    if (!isDone && !mayFail) this.#giveUp(state);
    return isDone;
  }

  #mayChange(state: PackageState): boolean {
    return !state.isProtected || (state.chosen !== undefined && state.chosen === state.candidate);
  }

  /** Every dependency that counts is met. */
  #isWhole(owner: Package): boolean {
    return (
      this.#needsOf(owner).every(({ dependency }) => this.#states.isMet(dependency)) && isWhole(owner, this.#states)
    );
  }

  /** Looks one step ahead, so that nothing is begun that cannot end. */
  #hasCandidates(state: PackageState, candidate: Package): boolean {
    const isPossible = [...candidate.preDepends, ...candidate.depends].every(
      (dependency) =>
        this.#states.isMet(dependency) ||
        dependency.some((relation) => this.#states.candidatesFor(relation).length > 0),
    );
    if (!isPossible && !state.isProtected) state.candidate = state.installed;
    return isPossible;
  }

  #needsOf(owner: Package): readonly Need[] {
    const hard = [...owner.preDepends, ...owner.depends].map((dependency) => ({ owner, dependency, isHard: true }));
    if (!this.#options.recommends) return hard;
    return [...hard, ...owner.recommends.map((dependency) => ({ owner, dependency, isHard: false }))];
  }

  /** A protected package looks at its met needs too, to protect what follows from them. */
  #openNeeds(candidate: Package, wasProtected: boolean): readonly Need[] {
    return this.#needsOf(candidate).filter(({ dependency }) => wasProtected || !this.#states.isMet(dependency));
  }

  #installNeeds(needs: readonly Need[], how: { wasProtected: boolean; mayFail: boolean }): boolean {
    let isDone = true;
    for (const need of needs) {
      const isMet = this.#states.isMet(need.dependency);
      if (isMet && (!how.wasProtected || !need.isHard)) continue;
      const isInstalled = isMet ? this.#protectOnlySolution(need) : this.#installBest(need, how.wasProtected);
      if (isInstalled || !need.isHard) continue;
      isDone = false;
      if (!how.mayFail) return false;
    }
    return isDone;
  }

  /** What a protected package cannot do without is as settled as itself. */
  #protectOnlySolution({ dependency }: Need): boolean {
    const solutions = new Set(dependency.flatMap((relation) => this.#states.candidatesFor(relation)));
    const [only] = solutions;
    if (!only || solutions.size !== 1) return true;
    const state = this.#states.of(only.name);
    if (state.isProtected) return true;
    state.isProtected = true;
    return this.#mark(state);
  }

  #installBest(need: Need, wasProtected: boolean): boolean {
    const { isHard } = need;
    const solutions = this.#solutionsOf(need);
    for (const solution of solutions) {
      const state = this.#states.of(solution.name);
      if (state.candidate !== solution) continue;
      if (wasProtected && isHard && solutions.length === 1) {
        if (!this.#mayChange(state)) continue;
        this.#states.choose(state, solution);
        state.isProtected = true;
      }
      if (this.#mark(state)) return true;
    }
    return false;
  }

  /** What a pinned package recommends is settled: a new package would be a change that nobody asked for. */
  #solutionsOf({ owner, dependency, isHard }: Need): readonly Package[] {
    const { universe } = this.#states;
    const solutions = solutionsFor(dependency, this.#states);
    if (isHard || !universe.isPinned(owner.name)) return solutions;
    return solutions.filter(({ name }) => universe.isPinned(name));
  }

  #giveUp(state: PackageState): void {
    this.#states.choose(state, state.installed);
    state.candidate = state.installed;
  }
}
