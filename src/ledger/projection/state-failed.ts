import { IngotError } from "../../ground/error.ts";

/** A database that could not be changed or read; `errcode` is SQLite's number, its low byte the kind. */
export function stateFailed(cause: Error & { readonly errcode: number }): IngotError {
  if ((cause.errcode & 0xff) === sqlite.constraint)
    return new IngotError("event-malformed", `the state cannot hold what the event says: ${cause.message}`, {
      hint: "report this: an event is made by Ingot itself",
      cause,
    });
  const [why, hint] = explain(cause);
  return new IngotError("log-write-failed", `could not write the ledger's state: ${why}`, {
    hint: `${hint}; what was acknowledged before is safe, this was not recorded`,
    cause,
  });
}

function explain({ errcode, message }: Error & { readonly errcode: number }): readonly [why: string, hint: string] {
  const kind = errcode & 0xff;
  if (kind === sqlite.full) return ["no space is left on its disk", "free some space there and repeat the command"];
  if (kind === sqlite.readOnly) return ["its disk is read-only", "mount it for writing and repeat the command"];
  if (kind === sqlite.corrupt) return ["its file is damaged", "start again: the state is made anew from the log"];
  return [message, "look after the disk and repeat the command"];
}

const sqlite = { readOnly: 8, corrupt: 11, full: 13, constraint: 19 } as const;
