import type { KeyringSource } from "./keyring-source.ts";

/** Which suites to read, from where, and by whose signature: pure data. */
export type ArchivePlan = {
  /** Debian's name: `amd64`. */
  readonly architecture: string;
  readonly suites: readonly PlannedSuite[];
};

export type PlannedSuite = {
  readonly archive: "main" | "security";
  readonly suite: string;
  readonly components: readonly string[];
  readonly keyring: KeyringSource;
} & Mirror;

export type Mirror = {
  /** Archive roots without a trailing slash, tried in this order. */
  readonly uris: readonly string[];
  /** Who named them, for messages: `INGOT_DEBIAN_MIRROR`, `mirror:`, or file and line of the host's sources. */
  readonly from: string;
};

/** The mirrors of one archive in a plan, for fetching packages. */
export function mirrorOf(plan: ArchivePlan, archive: PlannedSuite["archive"]): Mirror {
  const suites = plan.suites.filter((suite) => suite.archive === archive);
  const from = [...new Set(suites.map((suite) => suite.from))].join(", ");
  return { uris: [...new Set(suites.flatMap((suite) => suite.uris))], from };
}
