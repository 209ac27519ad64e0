import { IngotError } from "../../ground/error.ts";
import type { Package } from "../package.ts";
import type { Clause, Fact, Literal } from "./clauses.ts";
import type { Trail } from "./trail.ts";

/**
 * What a dead end teaches: a clause that follows from the others and that only the latest choice breaks. Goes back from the false clause, replacing
 * conclusions by their reasons, to the last point where a single assignment of this level explains it (the first unique implication point).
 */
export function learn(conflict: Clause, trail: Trail): Clause {
  const lesson = new Lesson(trail);
  lesson.add(conflict);
  for (let place = trail.length - 1; place >= 0; place--) {
    const each = trail.at(place);
    if (!each || !lesson.isOpen(each)) continue;
    if (lesson.openCount === 1) return lesson.close(each);
    lesson.replace(each);
  }
  throw new IngotError("internal-error", "the search for a set of packages lost its trail");
}

class Lesson {
  readonly #trail: Trail;
  readonly #facts = new Set<Fact>();
  readonly #seen = new Set<Package>();
  /** Settled by this level's choice. */
  readonly #open = new Set<Package>();
  readonly #literals: Literal[] = [];

  constructor(trail: Trail) {
    this.#trail = trail;
  }

  get openCount(): number {
    return this.#open.size;
  }

  isOpen(each: Package): boolean {
    return this.#open.has(each);
  }

  add(clause: Clause): void {
    for (const fact of clause.facts) this.#facts.add(fact);
    for (const literal of clause.literals) this.#addLiteral(literal);
  }

  replace(each: Package): void {
    this.#open.delete(each);
    const reason = this.#trail.reasonOf(each);
    if (reason) this.add(reason);
  }

  /** The literal that turns over stands first. */
  close(each: Package): Clause {
    return { literals: [{ package: each, holds: !this.#trail.holds(each) }, ...this.#literals], facts: this.#facts };
  }

  #addLiteral(literal: Literal): void {
    if (this.#seen.has(literal.package)) return;
    this.#seen.add(literal.package);
    const level = this.#trail.levelOf(literal.package);
    if (level === this.#trail.level) this.#open.add(literal.package);
    else if (level > 0) this.#literals.push(literal);
    else for (const fact of this.#trail.factsBehind([literal.package])) this.#facts.add(fact);
  }
}
