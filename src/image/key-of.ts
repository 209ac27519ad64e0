import { canonicalJson } from "../oci/canonical-json.ts";
import { digestOf, type Digest } from "../oci/digest.ts";

/** The digest of a value's canonical JSON: the key that caches, steps and requests are known by. */
export function keyOf(value: unknown): Digest {
  return digestOf(canonicalJson(value));
}
