import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Context } from "../ground/context.ts";
import { IngotError, isErrno } from "../ground/error.ts";

/** The text of a file that a person named. Throws `usage` where there is none: the path was written wrongly. */
export function readGivenFile(ctx: Pick<Context, "cwd">, file: string): string {
  const path = resolve(ctx.cwd, file);
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (isErrno(cause, "EISDIR")) throw notReadable(`${path} is a folder, not a file`, cause);
    if (isErrno(cause, "ENOENT") || isErrno(cause, "ENOTDIR")) throw notReadable(`there is no file ${path}`, cause);
    throw cause;
  }
}

function notReadable(message: string, cause: unknown): IngotError {
  return new IngotError("usage", message, { hint: "check the path", cause });
}
