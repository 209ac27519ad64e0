import { errorCodes, type ErrorCode } from "./error-codes.ts";

/** What an error may carry beside its code and sentence. */
export type ErrorDetails = {
  /** The next command or step, one line. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Further lines for a person: a script's output, all mistakes of a file. */
  readonly details?: readonly string[];
};

/**
 * The one error class. `message` is one sentence with the values in it ("expected 2 approvals, got 1"); callers branch on
 * `code`, never on text.
 */
export class IngotError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = "IngotError";
    this.code = code;
    this.hint = details.hint;
    this.details = details.details ?? [];
  }

  get exitCode(): number {
    return errorCodes[this.code].exit;
  }
}

/** Whether `error` is a Node system error of the given errno name, such as `ENOENT`. */
export function isErrno(error: unknown, name: string): boolean {
  return error instanceof Error && "code" in error && error.code === name;
}
