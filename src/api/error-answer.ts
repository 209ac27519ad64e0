import { IngotError } from "../ground/error.ts";
import { errorCodes, type ErrorCode } from "../ground/error-codes.ts";

/** What an error answer says, in every API: clients branch on `code`. */
export type ErrorAnswer = {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly hint?: string;
    readonly details: readonly string[];
  };
};

/** The answer to a request that failed. What is not an error of ours is an `internal-error` that tells a client nothing of the inside. */
export function answerError(thrown: unknown): { readonly status: number; readonly body: ErrorAnswer } {
  const error =
    thrown instanceof IngotError
      ? thrown
      : new IngotError("internal-error", "the controller failed at this request", {
          hint: "the controller's log has the cause",
          cause: thrown,
        });
  const { code, message, hint, details } = error;
  return {
    status: statusOf(code),
    body: { error: { code, message, details, ...(hint === undefined ? {} : { hint }) } },
  };
}

/** HTTP status of an error (RFC 9110): by what the code is about, else by how the command line would exit. */
export function statusOf(code: ErrorCode): number {
  const known = byCode[code];
  if (known !== undefined) return known;
  if (code.endsWith("-unknown") || code.endsWith("-missing")) return 404;
  if (code.endsWith("-exists") || code.endsWith("-in-use")) return 409;
  if (code.startsWith("token-")) return 401;
  switch (errorCodes[code].exit) {
    case 2:
      return 400;
    case 3:
      return 403;
    case 4:
      return 409;
    case 1:
      return 422;
  }
}

const byCode: Readonly<Partial<Record<ErrorCode, number>>> = {
  "internal-error": 500,
  usage: 400,
  "locked-by-another": 409,
  "assertion-invalid": 401,
  "assertion-replayed": 401,
  "controller-mismatch": 401,
  "enrolment-invalid": 401,
  "issuer-unknown": 401,
  "issuer-unusable": 502,
  "token-environment": 403,
  "token-missing": 401,
  "too-many-attempts": 429,
};
