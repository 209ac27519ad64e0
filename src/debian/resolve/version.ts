import { IngotError } from "../../ground/error.ts";
import type { VersionOperator } from "../package.ts";

/** The parts of a Debian version, `[epoch:]upstream[-revision]` (Debian Policy 5.6.12). */
export type VersionParts = { readonly epoch: number; readonly upstream: string; readonly revision: string };

/** Splits a version into its parts. Throws `version-malformed` where dpkg would refuse it. */
export function parseVersion(text: string): VersionParts {
  const problem = findProblem(text);
  if (problem !== undefined)
    throw new IngotError("version-malformed", `${JSON.stringify(text)} is not a Debian version: ${problem}`);
  return split(text);
}

/** Below 0, 0 or above 0 as `a` is older than, equal to or newer than `b`: the order of dpkg. Throws `version-malformed`. */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  const left = parseVersion(a);
  const right = parseVersion(b);
  return (
    left.epoch - right.epoch ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  );
}

/** Whether `version` stands in the relation `operator` to `wanted`: `1.2 (>= 1.0)`. */
export function satisfiesVersion(version: string, operator: VersionOperator, wanted: string): boolean {
  const order = compareVersions(version, wanted);
  switch (operator) {
    case "<<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "=":
      return order === 0;
    case ">=":
      return order >= 0;
    case ">>":
      return order > 0;
  }
}

function split(text: string): VersionParts {
  const colon = text.indexOf(":");
  const rest = text.slice(colon + 1);
  const hyphen = rest.lastIndexOf("-");
  return {
    epoch: colon < 0 ? 0 : Number(text.slice(0, colon)),
    upstream: hyphen < 0 ? rest : rest.slice(0, hyphen),
    // No revision compares as "0", which compares as the empty string.
    revision: hyphen < 0 ? "" : rest.slice(hyphen + 1),
  };
}

/** dpkg's own limit: epochs are a C int. */
const largestEpoch = 2_147_483_647;

function findProblem(text: string): string | undefined {
  if (usual.test(text)) return undefined;
  if (text.trim() === "") return "it is empty";
  if (/\s/.test(text)) return "it contains a space";
  const colon = text.indexOf(":");
  const epoch = text.slice(0, Math.max(colon, 0));
  if (colon === 0) return "the epoch before the colon is empty";
  if (colon > 0 && !/^[0-9]+$/.test(epoch)) return `the epoch ${JSON.stringify(epoch)} is not a number`;
  if (Number(epoch) > largestEpoch) return `the epoch ${epoch} is too large`;
  if (text.endsWith("-")) return "the revision after the hyphen is empty";
  return findProblemOfParts(split(text));
}

function findProblemOfParts({ upstream, revision }: VersionParts): string | undefined {
  if (upstream === "") return "there is no upstream version";
  if (!/^[0-9]/.test(upstream)) return "the upstream version does not begin with a digit";
  const bad = /[^A-Za-z0-9.+~:-]/.exec(upstream) ?? /[^A-Za-z0-9.+~]/.exec(revision);
  return bad ? `the character ${JSON.stringify(bad[0])} is not allowed` : undefined;
}

/** Nearly every version there is; what it does not match is looked at closely. */
const usual = /^(?:[0-9]{1,9}:)?[0-9][A-Za-z0-9.+~]*(?:-[A-Za-z0-9.+~]+)?$/;

const zero = 48;
const nine = 57;
const tilde = 126;

/** Runs of non-digits by letter, runs of digits by number, in turn (Debian Policy 5.6.12). */
function compareParts(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const difference = weight(a, i) - weight(b, j);
      if (difference !== 0) return difference;
      i += 1;
      j += 1;
    }
    const endOfA = endOfDigits(a, i);
    const endOfB = endOfDigits(b, j);
    const difference = compareDigits(a.slice(i, endOfA), b.slice(j, endOfB));
    if (difference !== 0) return difference;
    i = endOfA;
    j = endOfB;
  }
  return 0;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= zero && code <= nine;
}

/** `~` before the end, the end (or a digit) before letters, letters before all else. */
function weight(text: string, at: number): number {
  if (at >= text.length || isDigit(text, at)) return 0;
  const code = text.charCodeAt(at);
  if (code === tilde) return -1;
  const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return isLetter ? code : code + 256;
}

function endOfDigits(text: string, from: number): number {
  let end = from;
  while (end < text.length && isDigit(text, end)) end += 1;
  return end;
}

/** By value without converting: date stamps and hashes are longer than a double is exact. */
function compareDigits(a: string, b: string): number {
  const left = a.replace(/^0+/, "");
  const right = b.replace(/^0+/, "");
  if (left.length !== right.length) return left.length - right.length;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
