import { IngotError, isErrno } from "../ground/error.ts";

/**
 * Every thrown value as the error that a client may see. What is not an error of ours tells nothing of the inside: no path, no stack, no word of another program.
 */
export function asAnswerable(thrown: unknown): IngotError {
  if (thrown instanceof IngotError) return thrown.code === "log-write-failed" ? notRecorded(thrown) : thrown;
  return diskError(thrown) ?? internalError(thrown);
}

/** Where the log lies is for the operator, who finds it in the log of the server. */
function notRecorded(error: IngotError): IngotError {
  const { code, cause, hint } = error;
  const why = isErrno(cause, "ENOSPC") || isErrno(cause, "EDQUOT") ? "no space is left on its disk" : "its disk failed";
  const message = `the controller could not record it: ${isErrno(cause, "EROFS") ? "its disk is read-only" : why}`;
  return new IngotError(code, message, { ...(hint === undefined ? {} : { hint }), cause });
}

/** What an operator of the controller can mend, and a client can wait for. */
function diskError(cause: unknown): IngotError | undefined {
  if (isErrno(cause, "ENOSPC") || isErrno(cause, "EDQUOT")) {
    return new IngotError("disk-full", "no space is left on the controller's disk", {
      hint: "free some space there and send it again; what was acknowledged before is safe",
      cause,
    });
  }
  if (!isErrno(cause, "EROFS")) return undefined;
  return new IngotError("disk-read-only", "the controller's disk is read-only", {
    hint: "mount it for writing and send it again; what was acknowledged before is safe",
    cause,
  });
}

function internalError(cause: unknown): IngotError {
  return new IngotError("internal-error", "the controller failed at this request", {
    hint: "the controller's log has the cause",
    cause,
  });
}
