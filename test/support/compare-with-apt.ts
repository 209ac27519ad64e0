import type { Package } from "../../src/debian/package.ts";
import { isCode } from "../../src/debian/archive/retry.ts";
import type { PackageIndex } from "../../src/debian/resolve/package-index.ts";
import { resolvePackages, type Resolution } from "../../src/debian/resolve/resolve.ts";
import { DependencyGraph } from "../../src/debian/resolve/dependency-graph.ts";
import type { AptAnswer, AptQuestion } from "./isolated-apt.ts";

export type Comparison = {
  readonly verdict: "equal" | "documented" | "different";
  /** How many packages Ingot chooses. */
  readonly size: number;
  /** Milliseconds of Ingot, the index already read. */
  readonly time: number;
  /** What differs, and the reason where there is one. */
  readonly lines: readonly string[];
};

/** Resolves as apt was asked to, and judges the difference by the documented choices of docs/resolution.md. */
export function compareWithApt(index: PackageIndex, question: AptQuestion, apt: AptAnswer): Comparison {
  const start = performance.now();
  const ours = resolveQuietly(index, question);
  const time = performance.now() - start;
  if (typeof ours === "string") return { ...judgeRefusal(ours, apt), size: 0, time };
  const size = ours.packages.length;
  if (apt.kind === "refused") {
    const line = `apt refuses, Ingot finds ${size} packages by ${ours.chosenBy}`;
    return { verdict: ours.chosenBy === "search" ? "documented" : "different", size, time, lines: [line] };
  }
  return { ...judgeSets(ours, apt.packages, { index, question }), size, time };
}

function resolveQuietly(index: PackageIndex, { names, recommends }: AptQuestion): Resolution | string {
  try {
    return resolvePackages(index, { packages: names, essential: false, recommends });
  } catch (error) {
    if (isCode(error, ["package-unknown", "packages-conflict", "packages-unsatisfiable"])) return error.message;
    throw error;
  }
}

type Judgement = Pick<Comparison, "verdict" | "lines">;

function judgeRefusal(message: string, apt: AptAnswer): Judgement {
  if (apt.kind === "refused") return { verdict: "equal", lines: [] };
  return { verdict: "different", lines: [`Ingot refuses (${message}), apt finds ${apt.packages.length} packages`] };
}

type Setting = { readonly index: PackageIndex; readonly question: AptQuestion };

function judgeSets(ours: Resolution, apt: readonly string[], setting: Setting): Judgement {
  const mine = new Set(ours.packages.map(({ name, version }) => `${name}=${version}`));
  const more = [...mine].filter((each) => !apt.includes(each));
  const less = apt.filter((each) => !mine.has(each));
  if (more.length + less.length === 0) return { verdict: "equal", lines: [] };
  const lines = [`only Ingot: ${more.join(" ") || "–"}`, `only apt: ${less.join(" ") || "–"}`];
  if (more.length === 0 && areLeftovers(less, apt, setting))
    return {
      verdict: "documented",
      lines: [
        ...lines,
        "reason: leftovers of an attempt that apt gave up; nothing in its set depends on or recommends them",
      ],
    };
  return { verdict: "different", lines };
}

/** Whether nothing that was requested leads to these packages, by Depends or Recommends, inside apt's own set. */
function areLeftovers(less: readonly string[], apt: readonly string[], { index, question }: Setting): boolean {
  const packages = apt.map((each) => findExact(index, each)).filter((each) => each !== undefined);
  const graph = new DependencyGraph(packages);
  const needed = new Set(question.names.flatMap((name) => graph.satisfying({ name })));
  // A Set visits what is added while it is walked. Every alternative that is there counts as needed.
  for (const { preDepends, depends, recommends } of needed)
    for (const relation of [...preDepends, ...depends, ...recommends].flat())
      for (const found of graph.satisfying(relation)) needed.add(found);
  const names = new Set([...needed].map(({ name }) => name));
  return less.every((each) => !names.has(each.slice(0, each.indexOf("="))));
}

function findExact(index: PackageIndex, written: string): Package | undefined {
  const at = written.indexOf("=");
  return index.candidates(written.slice(0, at)).find(({ version }) => version === written.slice(at + 1));
}
