import { hash } from "node:crypto";
import { canonicalJson } from "../../oci/canonical-json.ts";
import type { ScanResult } from "./finding.ts";
import type { ScanVerdict } from "./fail-on.ts";

export type ScanRun = {
  readonly started: Date;
  readonly finished: Date;
  /** Of Ingot. */
  readonly version: string;
  /** Tells two scans of the same second apart. */
  readonly eventId: string;
  readonly verdict?: ScanVerdict;
};

/**
 * cosign's vulnerability scan record (specs/COSIGN_VULN_ATTESTATION_SPEC.md), as `cosign verify-attestation --type vuln` takes it. `scanner.db` has room for
 * one database: its date is the oldest of all sources, since a scan knows no more than that; each is named with its own date in `result.sources`.
 */
export function makeScanPredicate(result: ScanResult, run: ScanRun): object {
  const oldest = result.sources.map(({ date }) => date).toSorted()[0];
  return {
    invocation: {
      parameters: run.verdict === undefined ? [] : run.verdict.failOn.map((rule) => `--fail-on=${rule}`),
      uri: `https://ingot.dev/scan/${run.eventId}`,
      event_id: run.eventId,
      "builder.id": "https://ingot.dev/scan",
    },
    scanner: {
      uri: `pkg:generic/ingot@${run.version}`,
      version: run.version,
      db: {
        uri: result.sources.map(({ name }) => name).join(","),
        version: `sha256:${hash("sha256", canonicalJson(result.sources), "hex")}`,
        lastUpdate: oldest ?? "",
      },
      result: run.verdict === undefined ? result : { ...result, verdict: run.verdict },
    },
    metadata: { scanStartedOn: run.started.toISOString(), scanFinishedOn: run.finished.toISOString() },
  };
}
