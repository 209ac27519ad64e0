import type { ErrorCode } from "../../ground/error-codes.ts";
import { errorCodes } from "../../ground/error-codes.ts";
import { IngotError } from "../../ground/error.ts";
import type { Runtime } from "../runtime.ts";

/** Calls that one message answers. What an instance prints is read piece by piece, so that no more is on its way than somebody wants. */
export type Method = Exclude<keyof Runtime, "logs"> | "openLogs" | "readLogs" | "closeLogs";

/** To the resident process. */
export type Order =
  | { readonly kind: "open"; readonly home: string; readonly cwd: string }
  | { readonly kind: "call"; readonly id: number; readonly method: Method; readonly args: readonly unknown[] }
  | { readonly kind: "abort" };

/** From it. */
export type Answer =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly error: SentError }
  | Told;

/** Of `ctx.report`. A task has a number of its own. */
export type Told =
  | { readonly kind: "info" | "warn"; readonly line: string }
  | {
      readonly kind: "task";
      readonly task: number;
      readonly title: string;
      readonly options: { readonly total?: number; readonly unit?: "bytes" | "items" };
    }
  | { readonly kind: "advance"; readonly task: number; readonly amount: number }
  | { readonly kind: "done-task"; readonly task: number; readonly note?: string };

/** An error as a message: the class of an object does not pass. */
export type SentError = {
  readonly message: string;
  /** Of an `IngotError`; every other is a mistake in Ingot or one of the system's own. */
  readonly code?: ErrorCode;
  readonly hint?: string;
  readonly details?: readonly string[];
  readonly stack?: string;
};

export function sentError(error: unknown): SentError {
  if (error instanceof IngotError) {
    const { code, message, hint, details, stack } = error;
    return {
      code,
      message,
      details,
      ...(hint === undefined ? {} : { hint }),
      ...(stack === undefined ? {} : { stack }),
    };
  }
  if (!(error instanceof Error)) return { message: String(error) };
  return { message: error.message, ...(error.stack === undefined ? {} : { stack: error.stack }) };
}

/** The error as it was thrown there; its `cause` is where that was. */
export function receivedError({ code, message, hint, details = [], stack = message }: SentError): Error {
  const cause = Object.assign(new Error(message), { stack });
  if (code === undefined || !(code in errorCodes)) return cause;
  return new IngotError(code, message, { details, cause, ...(hint === undefined ? {} : { hint }) });
}
