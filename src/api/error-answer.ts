import { errorCodes, type ErrorCode } from "../ground/error-codes.ts";
import { asAnswerable } from "./answerable-error.ts";

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
  const { code, message, hint, details } = asAnswerable(thrown);
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
    case 1:
      return 422;
  }
}

const byCode: Readonly<Partial<Record<ErrorCode, number>>> = {
  "internal-error": 500,
  usage: 400,
  // Not the client's doing, and it may send the same again.
  "disk-full": 507,
  "disk-read-only": 503,
  "log-write-failed": 503,
  "witness-in-doubt": 503,
  "witness-unreachable": 503,
  "body-too-large": 413,
  "upload-too-slow": 408,
  "host-unknown": 421,
  "method-unknown": 405,
  "locked-by-another": 409,
  "assertion-invalid": 401,
  "assertion-replayed": 401,
  "controller-mismatch": 401,
  "enrolment-invalid": 401,
  "issuer-unknown": 401,
  "issuer-unusable": 502,
  "image-not-pushed": 404,
  "key-unregistered": 404,
  // What is there stands in the way.
  "identity-last-admin": 409,
  "identity-last-key": 409,
  "key-registered": 409,
  "rollback-refused": 409,
  // This controller, or the instance, is not in a state in which that can be done.
  "address-taken": 409,
  "breaker-closed": 409,
  "fleet-not-here": 409,
  "guard-not-here": 409,
  "instance-not-running": 409,
  // The controller's own files, and what it does itself.
  "capture-failed": 500,
  "key-exposed": 500,
  "log-damaged": 500,
  "log-forked": 500,
  "log-note-malformed": 500,
  "token-environment": 403,
  "token-missing": 401,
  "too-many-attempts": 429,
};
