import assert from "node:assert/strict";
import { test } from "node:test";
import type { Package } from "../package.ts";
import { clausesOf, rootClause } from "./clauses.ts";
import { makeIndex } from "./index.fixture.ts";
import { PackageStates } from "./package-states.ts";
import { Search } from "./search.ts";
import { createUniverse } from "./universe.ts";
import { isWhole } from "./why.ts";

/** A small archive with many alternatives and conflicts; the same for the same seed. */
function randomArchive(seed: number, size = 9): string {
  let state = seed * 2_654_435_761 + 1;
  const random = (limit: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * limit);
  };
  const name = () => `p${random(size)}`;
  const list = (count: number, make: () => string) => Array.from({ length: count }, make).join(", ");
  return Array.from({ length: size }, (_, index) => {
    const depends = list(random(3), () => `${name()} | ${name()}`);
    const conflicts = list(random(3), name);
    return `p${index} 1; Depends: ${depends}; Conflicts: ${conflicts}`;
  }).join("\n");
}

function solve(lines: string, wanted: readonly string[]) {
  const index = makeIndex(lines);
  const states = new PackageStates(createUniverse(index), []);
  const roots = wanted.flatMap((name) => index.candidate(name) ?? []);
  const result = new Search((each) => clausesOf(each, states)).solve(roots.map((root) => rootClause([root])));
  const all = [...index.names()].flatMap((name) => index.candidate(name) ?? []);
  return { result, roots, all, index };
}

/** Whether the set keeps all rules. */
function isSound(chosen: readonly Package[], index: ReturnType<typeof makeIndex>): boolean {
  const states = new PackageStates(createUniverse(index), []);
  for (const each of chosen) states.choose(states.of(each.name), each);
  return chosen.every((each) => isWhole(each, states));
}

function* subsets(all: readonly Package[]): Generator<readonly Package[]> {
  for (let mask = 0; mask < 2 ** all.length; mask++) yield all.filter((_, bit) => (mask >> bit) & 1);
}

test("on 400 random archives the search finds a set exactly where trying all sets finds one", () => {
  const counts = { found: 0, impossible: 0 };
  for (let seed = 1; seed <= 400; seed++) {
    const { result, roots, all, index } = solve(randomArchive(seed), ["p0", "p1"]);
    counts[result.kind] += 1;
    if (result.kind === "found") {
      assert.ok(
        roots.every((root) => result.packages.includes(root)),
        `seed ${seed}`,
      );
      assert.ok(isSound(result.packages, index), `seed ${seed}`);
    } else {
      const sound = subsets(all).find((set) => roots.every((root) => set.includes(root)) && isSound(set, index));
      assert.equal(sound, undefined, `seed ${seed}`);
    }
  }
  assert.ok(counts.found > 50 && counts.impossible > 50, JSON.stringify(counts));
});

test("the facts of an impossible request suffice to make it impossible", () => {
  const { result } = solve("a 1; Depends: x | y, fine\n fine 1\n x 1; Depends: gone\n y 1; Conflicts: a\n other 1", [
    "a",
  ]);
  assert.equal(result.kind, "impossible");
  if (result.kind !== "impossible") return;
  const owners = result.facts.flatMap((fact) => (fact.kind === "root" ? [] : [fact.owner.name]));
  assert.deepEqual([...new Set(owners)].toSorted(), ["a", "x", "y"]);
});

test("a hard puzzle ends soon: nine pigeons find no room in eight holes", () => {
  const holes = Array.from({ length: 8 }, (_, hole) => hole);
  const pigeons = Array.from({ length: 9 }, (_, pigeon) => pigeon);
  const inHole = (pigeon: number, hole: number) => `in-${pigeon}-${hole}`;
  const lines = pigeons.flatMap((pigeon) => [
    `pigeon${pigeon} 1; Depends: ${holes.map((hole) => inHole(pigeon, hole)).join(" | ")}`,
    ...holes.map((hole) => `${inHole(pigeon, hole)} 1; Provides: hole${hole}; Conflicts: hole${hole}`),
  ]);
  const start = performance.now();
  const { result } = solve(
    lines.slice(0, -9).join("\n"),
    pigeons.slice(0, 8).map((pigeon) => `pigeon${pigeon}`),
  );
  assert.equal(result.kind, "found");
  const full = solve(
    lines.join("\n"),
    pigeons.slice(0, 9).map((pigeon) => `pigeon${pigeon}`),
  );
  assert.equal(full.result.kind, "impossible");
  assert.ok(performance.now() - start < 60_000);
});
