import { compare } from "../../ground/compare.ts";

/** A Python version by PEP 440; the order is that of its "Summary of permitted suffixes and relative ordering". */
export type PythonVersion = {
  readonly epoch: bigint;
  /** Without zeros at the end: 1.0 is 1. */
  readonly release: readonly bigint[];
  /** -1 dev without anything before it, 0 a, 1 b, 2 rc, 3 none. */
  readonly phase: number;
  readonly pre: bigint;
  /** -1n: none. */
  readonly post: bigint;
  /** undefined: none, which comes after any. */
  readonly dev: bigint | undefined;
  readonly local: readonly (bigint | string)[] | undefined;
};

/** Undefined where the text is no version; the spellings that PEP 440 normalises are read. */
export function parsePythonVersion(text: string): PythonVersion | undefined {
  if (text.length > 256) return undefined;
  const groups = form.exec(text.trim().toLowerCase())?.groups;
  if (!groups) return undefined;
  const { epoch = "0", release = "0", pre, preNumber, postImplicit, post, postNumber, dev, devNumber, local } = groups;
  const isPost = post !== undefined || postImplicit !== undefined;
  const isDev = dev !== undefined;
  return {
    epoch: BigInt(epoch),
    release: withoutZeros(release.split(".").map(BigInt)),
    phase: phaseOf(pre, isDev && !isPost),
    pre: numberOf(preNumber),
    post: isPost ? numberOf(postImplicit ?? postNumber) : -1n,
    dev: isDev ? numberOf(devNumber) : undefined,
    local: local?.split(/[._-]/).map((part) => (/^\d+$/.test(part) ? BigInt(part) : part)),
  };
}

/** Below 0, 0 or above 0 as `a` is older than, equal to or newer than `b`. */
export function comparePythonVersions(a: PythonVersion, b: PythonVersion): number {
  return (
    compare(a.epoch, b.epoch) ||
    compareLists(a.release, b.release, (x, y) => compare(x ?? 0n, y ?? 0n)) ||
    compare(a.phase, b.phase) ||
    compare(a.pre, b.pre) ||
    compare(a.post, b.post) ||
    compareDev(a.dev, b.dev) ||
    compareLocal(a.local, b.local)
  );
}

const form =
  /^v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)(?:[-_.]?(?<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<preNumber>\d*))?(?:-(?<postImplicit>\d+)|[-_.]?(?<post>post|rev|r)[-_.]?(?<postNumber>\d*))?(?:[-_.]?(?<dev>dev)[-_.]?(?<devNumber>\d*))?(?:\+(?<local>[a-z0-9]+(?:[._-][a-z0-9]+)*))?$/;

/** `isBareDev`: 1.dev1 comes before 1a1, which comes before 1. */
function phaseOf(word: string | undefined, isBareDev: boolean): number {
  if (word === undefined) return isBareDev ? -1 : 3;
  if (word.startsWith("a")) return 0;
  return word.startsWith("b") ? 1 : 2;
}

/** None is 0: 1.0a is 1.0a0. */
function numberOf(text: string | undefined): bigint {
  return BigInt(text === undefined || text === "" ? "0" : text);
}

function withoutZeros(release: readonly bigint[]): readonly bigint[] {
  const last = release.findLastIndex((number) => number !== 0n);
  return release.slice(0, last + 1);
}

function compareDev(a: bigint | undefined, b: bigint | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return compare(a, b);
}

type Local = PythonVersion["local"];

/** None before any; words before numbers; fewer parts before more. */
function compareLocal(a: Local, b: Local): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return compareLists(a, b, (x, y) => {
    if (x === undefined || y === undefined) return Number(x !== undefined) - Number(y !== undefined);
    if (typeof x !== typeof y) return typeof x === "bigint" ? 1 : -1;
    return compare(x, y);
  });
}

function compareLists<T>(
  a: readonly T[],
  b: readonly T[],
  order: (x: T | undefined, y: T | undefined) => number,
): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const found = order(a[at], b[at]);
    if (found !== 0) return found;
  }
  return 0;
}
