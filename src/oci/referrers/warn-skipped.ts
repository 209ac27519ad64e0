import type { Context } from "../../ground/context.ts";
import type { ErrorCode } from "../../ground/error-codes.ts";
import { IngotError } from "../../ground/error.ts";
import type { Digest } from "../digest.ts";
import type { SkippedReferrer } from "./check-referrer.ts";

/** Names what does not travel with an image, so that nobody takes its absence for its never having been. */
export function warnSkipped(
  context: Pick<Context, "report">,
  subject: Digest,
  skipped: readonly SkippedReferrer[],
): void {
  for (const { digest, reason } of skipped.slice(0, shown)) {
    // As claimed by whoever wrote the list: it may hold a line of its own.
    const claimed = JSON.stringify(digest).slice(1, -1);
    context.report.warn(`left out ${claimed}, which is listed as attached to ${subject}: ${reason}`);
  }
  if (skipped.length > shown) context.report.warn(`left out ${skipped.length - shown} more for reasons such as these`);
}

/** A hostile list has thousands. */
const shown = 10;

/** What is wrong with one artifact or one list, and not with the way to it; anything else is thrown again. */
export function reasonOf(error: unknown): string {
  if (error instanceof IngotError && artifactCodes.has(error.code)) return error.message;
  throw error;
}

const artifactCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "blob-mismatch",
  "blob-missing",
  "manifest-malformed",
  "manifest-unsupported",
  "referrers-unusable",
  "registry-missing",
  "store-damaged",
]);
