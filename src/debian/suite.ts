import type { Digest } from "../oci/digest.ts";

/**
 * One verified suite of one archive, as the lock records it. `archive` names the archive without naming a host: the mirror that serves it is
 * the host's business.
 */
export type Suite = {
  readonly archive: "main" | "security";
  /** As in a sources list: `bookworm`, `bookworm-updates`, `bookworm-security`. */
  readonly suite: string;
  readonly components: readonly string[];
  /** Of the signed InRelease file. */
  readonly digest: Digest;
  /** ISO 8601, from the signed `Date` field. */
  readonly date: string;
  /** From `Valid-Until`; absent where the archive sets none. */
  readonly validUntil?: string;
  /** Fingerprints of the trusted keys that signed it: primary keys, upper-case hex. */
  readonly signedBy: readonly string[];
};

/** A suite with the bytes of its package index (the uncompressed `Packages` files, one a component), fresh from a mirror. */
export type SuiteIndex = { readonly suite: Suite; readonly packages: readonly Buffer[] };
