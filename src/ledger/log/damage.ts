import { IngotError } from "../../ground/error.ts";

/** A log that does not say what its tree says; `place` is the file, `why` continues the sentence. */
export function damaged(place: string, why: string, cause?: unknown): IngotError {
  return new IngotError("log-damaged", `${place} ${why}`, {
    hint: "`ingot audit verify` shows every place that is damaged; restore the log's folder from a copy",
    cause,
  });
}
