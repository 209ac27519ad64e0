import type { ErrorCode } from "../ground/error-codes.ts";
import type { CastPlan, CastStageResult } from "./cast-plan.ts";

/** What the parent sends, once. */
export type CastRequest = {
  readonly plan: CastPlan;
  readonly home: string;
  /**
   * Where the worker may mount or write: `folder` exists; `tmpfs` is the size limit in bytes, or 0 to write to the folder itself. `stale` are
   * folders of casts that were killed, to be removed: only the worker may, since the files in them belong to users of an image.
   */
  readonly work: { readonly folder: string; readonly tmpfs: number; readonly stale: readonly string[] };
  /** Milliseconds, for each script. */
  readonly timeLimit: number;
};

export type CastMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "packages"; readonly stage: string; readonly total: number }
  | { readonly kind: "configured" }
  | { readonly kind: "done"; readonly results: readonly CastStageResult[]; readonly timings: CastTimings }
  | { readonly kind: "failed"; readonly error: CastFailure };

/** Milliseconds by phase, for the bench and `--explain`. */
export type CastTimings = Readonly<Record<string, number>>;

export type CastFailure = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly details: readonly string[];
};
