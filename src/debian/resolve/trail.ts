import type { Package } from "../package.ts";
import type { Clause, Fact, Literal } from "./clauses.ts";

type Assignment = { readonly holds: boolean; readonly level: number; readonly reason: Clause | undefined };

/** What a search has settled so far, in order; each level begins with a free choice, level 0 has none. */
export class Trail {
  readonly #assigned = new Map<Package, Assignment>();
  readonly #order: Package[] = [];
  #level = 0;

  get level(): number {
    return this.#level;
  }

  get length(): number {
    return this.#order.length;
  }

  at(place: number): Package | undefined {
    return this.#order[place];
  }

  /** The packages that are in the set. */
  chosen(): readonly Package[] {
    return this.#order.filter((each) => this.holds(each));
  }

  /** Undefined while it is open. */
  holds(each: Package): boolean | undefined {
    return this.#assigned.get(each)?.holds;
  }

  levelOf(each: Package): number {
    return this.#assigned.get(each)?.level ?? 0;
  }

  /** The clause that left no other way; undefined for a free choice. */
  reasonOf(each: Package): Clause | undefined {
    return this.#assigned.get(each)?.reason;
  }

  conclude(literal: Literal, reason: Clause): void {
    this.#assign(literal, reason);
  }

  choose(literal: Literal): void {
    this.#level += 1;
    this.#assign(literal, undefined);
  }

  /** Forgets everything above `level`. */
  backTo(level: number): void {
    for (let last = this.#order.at(-1); last && this.levelOf(last) > level; last = this.#order.at(-1)) {
      this.#assigned.delete(last);
      this.#order.pop();
    }
    this.#level = level;
  }

  /** Why packages were settled before any choice. */
  factsBehind(settled: Iterable<Package>): ReadonlySet<Fact> {
    const facts = new Set<Fact>();
    const reached = new Set(settled);
    for (const each of reached) {
      const reason = this.reasonOf(each);
      for (const fact of reason?.facts ?? []) facts.add(fact);
      for (const literal of reason?.literals ?? []) reached.add(literal.package);
    }
    return facts;
  }

  #assign(literal: Literal, reason: Clause | undefined): void {
    this.#assigned.set(literal.package, { holds: literal.holds, level: this.#level, reason });
    this.#order.push(literal.package);
  }
}
