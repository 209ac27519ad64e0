import { digestOf, type Digest } from "../oci/digest.ts";

/** JSON with sorted keys: the same value always gives the same text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** The digest of a value's canonical JSON: the key that caches and steps are known by. */
export function keyOf(value: unknown): Digest {
  return digestOf(canonicalJson(value));
}
