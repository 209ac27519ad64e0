import { IngotError, isErrno } from "../../ground/error.ts";

/** What a failed write means for who waits for it. What is no error of the operating system stays as it is. */
export function writeFailed(folder: string, cause: unknown): Error {
  if (!(cause instanceof Error)) return new Error(String(cause));
  if (!("errno" in cause)) return cause;
  const [why, hint] = explain(cause);
  return new IngotError("log-write-failed", `could not write the log in ${folder}: ${why}`, {
    hint: `${hint}; what was acknowledged before is safe, this was not recorded`,
    cause,
  });
}

/** After the names were changed and before that was known to be on the disk: nobody can say which checkpoint a power cut would leave. */
export function uncertainWrite(folder: string, cause: unknown): IngotError {
  return new IngotError("log-write-failed", `the disk of ${folder} failed while a checkpoint was published`, {
    hint: "look after the disk, then start again: what the log then holds is what counts",
    cause,
  });
}

function explain(cause: Error): readonly [why: string, hint: string] {
  if (isErrno(cause, "ENOSPC")) return ["no space is left on its disk", "free some space there and repeat the command"];
  if (isErrno(cause, "EDQUOT")) return ["the disk quota is used up", "raise the quota and repeat the command"];
  if (isErrno(cause, "EROFS")) return ["its disk is read-only", "mount it for writing and repeat the command"];
  if (isErrno(cause, "EACCES") || isErrno(cause, "EPERM"))
    return ["this user may not write there", "give the folder to the user that runs Ingot and repeat the command"];
  return [cause.message, "look after the disk and repeat the command"];
}
