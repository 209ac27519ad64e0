import { IngotError } from "../../ground/error.ts";
import type { Package, Relation } from "../package.ts";
import type { Clause, Fact } from "./clauses.ts";
import type { PackageIndex } from "./package-index.ts";
import { formatDependency, formatRelation } from "./relation.ts";
import { listVersions } from "./roots.ts";
import type { SearchResult } from "./search.ts";
import type { Why } from "./why.ts";

export type FailureSetting = {
  readonly wishes: readonly Clause[];
  readonly stay: readonly Clause[];
  readonly solve: (roots: readonly Clause[]) => SearchResult;
  readonly roots: ReadonlyMap<Package, Why>;
  readonly index: PackageIndex;
};

/**
 * Makes the error out of the facts that forbid every set, as a person would tell it: from what was asked for, step by step, to what is missing or
 * what excludes each other. Asks again without the wishes that failed until the rest is possible, so that all failures are told at once.
 */
export function failure(facts: readonly Fact[], setting: FailureSetting): IngotError {
  const failures = [...allFailures(facts, setting)];
  const isMissing = failures.some(({ kind }) => kind === "missing");
  const lines = [...new Set(failures.flatMap((each) => each.lines))];
  const [first = "the packages exclude each other", ...more] = lines;
  return new IngotError(isMissing ? "packages-unsatisfiable" : "packages-conflict", first, {
    hint: "leave out one of the packages, or choose another suite that has what is missing",
    details: more,
  });
}

type Failure = { readonly kind: "missing" | "conflict"; readonly lines: readonly string[] };

function* allFailures(facts: readonly Fact[], setting: FailureSetting): Iterable<Failure> {
  let wishes = setting.wishes;
  for (let found: readonly Fact[] = facts; ;) {
    yield new Story(found, setting).tell();
    const guilty = new Set(found);
    const left = wishes.filter((wish) => ![...wish.facts].some((fact) => guilty.has(fact)));
    if (left.length === wishes.length) return;
    wishes = left;
    const next = setting.solve([...wishes, ...setting.stay]);
    if (next.kind === "found") return;
    found = next.facts;
  }
}

type DependencyFact = Extract<Fact, { kind: "dependency" }>;
type ConflictFact = Extract<Fact, { kind: "conflict" }>;

/** One set of facts that leaves no way out. */
class Story {
  readonly #facts: readonly Fact[];
  readonly #setting: FailureSetting;
  /** Who wants a package first, on the shortest way from a root. */
  readonly #wantedBy = new Map<Package, DependencyFact | undefined>();

  constructor(facts: readonly Fact[], setting: FailureSetting) {
    this.#facts = facts;
    this.#setting = setting;
    for (const fact of facts)
      if (fact.kind === "root") for (const each of fact.choices) this.#wantedBy.set(each, undefined);
    // A Map visits what is added while it is walked: breadth first, so the shortest way.
    for (const [owner] of this.#wantedBy)
      for (const fact of this.#dependencies()) if (fact.owner === owner) this.#noteSolutions(fact);
  }

  #noteSolutions(fact: DependencyFact): void {
    for (const each of fact.solutions) if (!this.#wantedBy.has(each)) this.#wantedBy.set(each, fact);
  }

  tell(): Failure {
    const missing = this.#dependencies().filter(({ solutions }) => solutions.length === 0);
    const conflicts = this.#facts.filter((fact) => fact.kind === "conflict");
    const versions = this.#facts.filter((fact) => fact.kind === "one-version");
    const lines = [
      ...missing.map((fact) => this.#tellMissing(fact)),
      ...conflicts.map((fact) => this.#tellConflict(fact)),
      ...(missing.length + conflicts.length === 0
        ? versions.map(({ owner, other }) => this.#tellVersions(owner, other))
        : []),
    ];
    return { kind: missing.length > 0 && conflicts.length === 0 ? "missing" : "conflict", lines: [...new Set(lines)] };
  }

  #dependencies(): readonly DependencyFact[] {
    return this.#facts.filter((fact) => fact.kind === "dependency");
  }

  /** "a (requested) depends on b (>= 2), but the archive has only b 1.1 (bookworm)". */
  #tellMissing(fact: DependencyFact): string {
    const wanted = `${verb(fact)} ${formatDependency(fact.dependency)}`;
    return `${this.#nameWithWay(fact.owner)} ${wanted}, but ${this.#whatThereIs(fact)}`;
  }

  #whatThereIs({ dependency }: DependencyFact): string {
    const there = dependency.map((relation) => whatThereIs(relation, this.#setting.index));
    return `the archive has ${[...new Set(there)].join(" and ")}`;
  }

  /** "a (requested) conflicts with b: b is wanted by c (requested)". */
  #tellConflict({ owner, other, field, relation }: ConflictFact): string {
    const named = formatRelation(relation);
    const target = relation.name === other.name ? named : `${named}, which ${other.name} provides`;
    const how = field === "Conflicts" ? "conflicts with" : "breaks";
    return `${owner.name} ${how} ${target}: ${this.#nameWithWay(owner)}, and ${this.#nameWithWay(other)}`;
  }

  #tellVersions(owner: Package, other: Package): string {
    return `${this.#nameWithWay(owner)} is needed in version ${owner.version} and in version ${other.version}`;
  }

  /** "b, wanted by a (requested)". */
  #nameWithWay(wanted: Package): string {
    const steps = [wanted.name];
    let last = wanted;
    for (let fact = this.#wantedBy.get(wanted); fact && steps.length < 20; fact = this.#wantedBy.get(fact.owner)) {
      steps.push(fact.owner.name);
      last = fact.owner;
    }
    return `${steps.join(", wanted by ")}${this.#noteOf(last)}`;
  }

  #noteOf(start: Package): string {
    const why = this.#setting.roots.get(start);
    if (why?.kind === "essential") return " (essential)";
    if (why?.kind === "requested") return why.as === undefined ? " (requested)" : ` (requested as ${why.as})`;
    return this.#wantedBy.has(start) ? " (installed in the base image)" : "";
  }
}

function verb({ field }: DependencyFact): string {
  return field === "Depends" ? "depends on" : "pre-depends on";
}

/** Of a name that nothing fulfils: the wrong versions, the provisions without one, or nothing at all. */
function whatThereIs({ name, qualifier }: Relation, index: PackageIndex): string {
  const versions = listVersions(name, index);
  const providers = [...new Set(index.providers(name).map((each) => each.name))];
  if (versions !== "")
    return `only ${name} ${versions}${qualifier === "any" ? ", not made for :any (Multi-Arch)" : ""}`;
  if (providers.length === 0) return `no ${name}`;
  return `${name} only as provided, in no version that fits, by ${providers.join(", ")}`;
}
