import type { Database } from "../../ledger/projection/database.ts";
import type { Subject } from "./subject.ts";

/**
 * Everyone who ever pushed an image. Attack: who pushed it has it deleted, or pushed again by somebody else, and then approves it. What is attached to an image makes nobody its
 * author.
 */
export const pusherState: Subject = {
  tables: [
    `CREATE TABLE pushers (digest TEXT NOT NULL, principal TEXT NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (digest, principal)) STRICT, WITHOUT ROWID`,
  ],
  apply: {
    "manifest.pushed": (state, { digest, kind, subject }, { index, actor }) => {
      // Attack: an image that says that it is attached to something.
      if (kind === "artifact" && subject !== undefined) return;
      state.run("INSERT OR IGNORE INTO pushers VALUES (?, ?, ?)", digest, actor, index);
    },
  },
};

/** In order. */
export function listPushers(state: Database, digest: string): readonly string[] {
  return state
    .all<{ principal: string }>("SELECT principal FROM pushers WHERE digest = ? ORDER BY principal", digest)
    .map(({ principal }) => principal);
}
