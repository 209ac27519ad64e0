import type { Database } from "../../ledger/projection/database.ts";
import type { EventData } from "../events/events.ts";
import { fromJson } from "./from-json.ts";
import type { Subject } from "./subject.ts";

export const statementState: Subject = {
  tables: [
    `CREATE TABLE statements (manifest TEXT NOT NULL, repository TEXT NOT NULL, subject TEXT NOT NULL, kind TEXT NOT NULL, counts INTEGER NOT NULL, key TEXT, data TEXT NOT NULL,
      event INTEGER NOT NULL, PRIMARY KEY (manifest, repository)) STRICT, WITHOUT ROWID`,
    "CREATE INDEX statements_by_subject ON statements (subject, event)",
    "CREATE INDEX statements_by_key ON statements (key) WHERE key IS NOT NULL",
  ],
  apply: {
    "statement.accepted": (state, data, { index }) => {
      const { manifest, repository, subject, kind, key } = data;
      state.run(
        "INSERT OR REPLACE INTO statements VALUES (?, ?, ?, ?, 1, ?, ?, ?)",
        manifest,
        repository,
        subject,
        kind,
        key,
        JSON.stringify(data),
        index,
      );
    },
    "statement.uncounted": (state, data, { index }) => {
      const { manifest, repository, subject, kind } = data;
      state.run(
        "INSERT OR REPLACE INTO statements VALUES (?, ?, ?, ?, 0, NULL, ?, ?)",
        manifest,
        repository,
        subject,
        kind,
        JSON.stringify(data),
        index,
      );
    },
    "manifest.deleted": (state, { repository, digest }) => {
      state.run("DELETE FROM statements WHERE manifest = ? AND repository = ?", digest, repository);
    },
  },
};

export type AcceptedStatement = EventData["statement.accepted"] & {
  readonly event: number;
  /** Of its key, today: what a revoked key signed does not count. */
  readonly keyStatus: "active" | "retired" | "revoked";
};

export type UncountedStatement = EventData["statement.uncounted"] & { readonly event: number };

/** What counted when it came in, in the order in which it came. */
export function listAccepted(state: Database, subject: string): readonly AcceptedStatement[] {
  const rows = state.all<{ data: string; event: number; status: AcceptedStatement["keyStatus"] | null }>(
    `SELECT s.data, s.event, k.status FROM statements s LEFT JOIN keys k ON k.id = s.key AND k.use = json_extract(s.data, '$.role')
      WHERE s.subject = ? AND s.counts = 1 ORDER BY s.event`,
    subject,
  );
  return rows.map(({ data, event, status }) => ({
    ...fromJson<EventData["statement.accepted"]>(data),
    event,
    keyStatus: status ?? "revoked",
  }));
}

export function listUncounted(state: Database, subject: string): readonly UncountedStatement[] {
  const rows = state.all<{ data: string; event: number }>(
    "SELECT data, event FROM statements WHERE subject = ? AND counts = 0 ORDER BY event",
    subject,
  );
  return rows.map(({ data, event }) => ({ ...fromJson<EventData["statement.uncounted"]>(data), event }));
}
