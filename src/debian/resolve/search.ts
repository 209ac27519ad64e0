import { IngotError } from "../../ground/error.ts";
import type { Package } from "../package.ts";
import type { Clause, Fact, Literal } from "./clauses.ts";
import { learn } from "./learn.ts";
import { Trail } from "./trail.ts";

export type SearchResult =
  | { readonly kind: "found"; readonly packages: readonly Package[] }
  /** `facts` together leave no way out. */
  | { readonly kind: "impossible"; readonly facts: readonly Fact[] };

/** Debian's dead ends are shallow; more steps than this are a mistake in the search, which ends with words instead of never. */
const mostSteps = 200_000;

/**
 * Finds a set that keeps all rules, or the rules that forbid every set: a complete search that learns from each dead end (conflict-driven clause
 * learning, as SAT solvers do). Each open dependency takes its first possible solution; a package is in the set only when something needs it.
 */
export class Search {
  readonly #expand: (chosen: Package) => readonly Clause[];
  readonly #clauses: Clause[] = [];
  readonly #occurrences = new Map<Package, Clause[]>();
  readonly #expanded = new Set<Package>();
  readonly #trail = new Trail();
  #propagated = 0;

  /** `expand`: the rules that choosing a package brings; asked once a package. */
  constructor(expand: (chosen: Package) => readonly Clause[]) {
    this.#expand = expand;
  }

  solve(roots: readonly Clause[]): SearchResult {
    let conflict = this.#addAll(roots);
    for (let steps = 0; steps < mostSteps; steps++) {
      conflict ??= this.#propagate();
      if (conflict && this.#trail.level === 0) return { kind: "impossible", facts: this.#factsBehind(conflict) };
      if (conflict) conflict = this.#turnBack(conflict);
      else if (!this.#decide()) return { kind: "found", packages: this.#trail.chosen() };
    }
    throw new IngotError("internal-error", "the search for a set of packages did not end");
  }

  /** Adds all of them, also behind a false one, which is given back. */
  #addAll(clauses: readonly Clause[]): Clause | undefined {
    let conflict: Clause | undefined;
    for (const clause of clauses) {
      this.#clauses.push(clause);
      for (const { package: each } of clause.literals) this.#watch(each, clause);
      conflict ??= this.#check(clause);
    }
    return conflict;
  }

  #watch(each: Package, clause: Clause): void {
    const list = this.#occurrences.get(each);
    if (list) list.push(clause);
    else this.#occurrences.set(each, [clause]);
  }

  /** Draws all conclusions; gives back a clause that is false. */
  #propagate(): Clause | undefined {
    for (let next = this.#trail.at(this.#propagated); next; next = this.#trail.at(this.#propagated)) {
      this.#propagated += 1;
      const conflict = this.#expandOnce(next) ?? this.#firstFalse(this.#occurrences.get(next) ?? []);
      if (conflict) return conflict;
    }
    return undefined;
  }

  #expandOnce(each: Package): Clause | undefined {
    if (!this.#trail.holds(each) || this.#expanded.has(each)) return undefined;
    this.#expanded.add(each);
    return this.#addAll(this.#expand(each));
  }

  #firstFalse(clauses: readonly Clause[]): Clause | undefined {
    for (const clause of clauses) {
      const conflict = this.#check(clause);
      if (conflict) return conflict;
    }
    return undefined;
  }

  /** Gives the clause back when it is false; concludes its last open literal. */
  #check(clause: Clause): Clause | undefined {
    let open: Literal | undefined;
    for (const literal of clause.literals) {
      const holds = this.#trail.holds(literal.package);
      if (holds === literal.holds) return undefined;
      if (holds !== undefined) continue;
      if (open) return undefined;
      open = literal;
    }
    if (!open) return clause;
    this.#trail.conclude(open, clause);
    return undefined;
  }

  /** Takes the best solution of the first clause that needs one; false when none does. */
  #decide(): boolean {
    for (const clause of this.#clauses) {
      const choice = this.#firstChoice(clause);
      if (!choice) continue;
      this.#trail.choose(choice);
      return true;
    }
    return false;
  }

  /** What is open is not in the set, so an open negative literal is as good as true. */
  #firstChoice(clause: Clause): Literal | undefined {
    let choice: Literal | undefined;
    for (const literal of clause.literals) {
      if ((this.#trail.holds(literal.package) ?? false) === literal.holds) return undefined;
      if (this.#trail.holds(literal.package) === undefined) choice ??= literal;
    }
    return choice;
  }

  /** Leaves the dead end for the earliest point where what it taught decides something. */
  #turnBack(conflict: Clause): Clause | undefined {
    const learned = learn(conflict, this.#trail);
    const levels = learned.literals.slice(1).map((literal) => this.#trail.levelOf(literal.package));
    this.#trail.backTo(levels.reduce((highest, level) => Math.max(highest, level), 0));
    this.#propagated = Math.min(this.#propagated, this.#trail.length);
    return this.#addAll([learned]);
  }

  #factsBehind(conflict: Clause): readonly Fact[] {
    const behind = this.#trail.factsBehind(conflict.literals.map((literal) => literal.package));
    return [...new Set([...conflict.facts, ...behind])];
  }
}
