import { compare } from "../../ground/compare.ts";

/** Versions by Semantic Versioning 2.0.0, section 11, as npm and Go use it; Go's pseudo-versions are such versions. `v` or `go` in front and missing numbers are allowed (`go1.22`, `1.20rc1`). */
export type Semver = { readonly numbers: readonly bigint[]; readonly pre: readonly string[] };

/** Undefined where the text is no version. */
export function parseSemver(text: string): Semver | undefined {
  if (text.length > 256) return undefined;
  const match = form.exec(text.trim());
  if (!match) return undefined;
  const [, major = "0", minor = "0", patch = "0", pre, goPre] = match;
  // Build metadata, such as Go's +incompatible, has no part in the order (section 10).
  const identifiers = pre?.split(".") ?? (goPre === undefined ? [] : splitGo(goPre));
  if (identifiers.includes("")) return undefined;
  return { numbers: [major, minor, patch].map(BigInt), pre: identifiers };
}

/** Below 0, 0 or above 0 as `a` is older than, equal to or newer than `b`. */
export function compareSemver(a: Semver, b: Semver): number {
  for (let at = 0; at < 3; at++) {
    const order = compare(a.numbers[at] ?? 0n, b.numbers[at] ?? 0n);
    if (order !== 0) return order;
  }
  // A version with a pre-release part comes before the one without.
  if (a.pre.length === 0 || b.pre.length === 0) return compare(b.pre.length, a.pre.length);
  for (let at = 0; at < Math.max(a.pre.length, b.pre.length); at++) {
    const order = compareIdentifiers(a.pre[at], b.pre[at]);
    if (order !== 0) return order;
  }
  return 0;
}

const form =
  /^(?:v|go)?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+)|((?:alpha|beta|rc)\d*))?(?:\+[0-9A-Za-z.-]+)?$/;

/** `rc1` of Go's own releases is `rc.1`. */
function splitGo(pre: string): readonly string[] {
  const [, word = "", number = ""] = /^([a-z]+)(\d*)$/.exec(pre) ?? [];
  return number === "" ? [word] : [word, number];
}

/** Numbers before words; fewer identifiers before more. */
function compareIdentifiers(a: string | undefined, b: string | undefined): number {
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  const isNumberA = /^\d+$/.test(a);
  const isNumberB = /^\d+$/.test(b);
  if (isNumberA && isNumberB) return compare(BigInt(a), BigInt(b));
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return compare(a, b);
}
