import type { Context } from "../../ground/context.ts";
import { readVersion } from "../../ground/version.ts";
import { statementKinds } from "../evidence.ts";
import type { ScanVerdict } from "./fail-on.ts";
import type { ScanResult } from "./finding.ts";
import { makeScanPredicate } from "./scan-predicate.ts";

/** What a scan was: its result, when it began, and what became of the conditions that it was held to, where there were any. */
export type FinishedScan = { readonly result: ScanResult; readonly started: Date; readonly verdict?: ScanVerdict };

export type ScanStatement = { readonly predicateType: string; readonly predicate: object };

/** What a scanner signs about an image; or the gap because of which it signs nothing. Attack: who decides by scans asks whether there is one, and one that looked at nothing would do. */
export function makeScanStatement(
  ctx: Pick<Context, "now" | "randomBytes">,
  { result, started, verdict }: FinishedScan,
): ScanStatement | { readonly gap: string } {
  const [gap] = result.gaps;
  if (gap !== undefined) return { gap };
  const predicate = makeScanPredicate(result, {
    started,
    finished: ctx.now(),
    version: readVersion(),
    eventId: ctx.randomBytes(16).toString("hex"),
    ...(verdict === undefined ? {} : { verdict }),
  });
  return { predicateType: statementKinds.scan.predicateType, predicate };
}
