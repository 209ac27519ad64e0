import type { Database } from "../../ledger/projection/database.ts";
import type { EventData } from "../events/events.ts";
import { fromJson } from "./from-json.ts";
import type { Subject } from "./subject.ts";

export const statementState: Subject = {
  tables: [
    // counts: 0 for what was kept and does not, in a row of its own. Attack: a rejection, or a failed test whose key is retired by now, is deleted and pushed again, which does not count, and takes
    // the place of the one that did. finished: of scans and tests, seconds. deleted: its manifest is gone; what it said against an image still holds.
    `CREATE TABLE statements (manifest TEXT NOT NULL, repository TEXT NOT NULL, subject TEXT NOT NULL, kind TEXT NOT NULL, counts INTEGER NOT NULL, key TEXT, role TEXT, payload TEXT,
      finished INTEGER, deleted INTEGER NOT NULL, event INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (manifest, repository, counts)) STRICT, WITHOUT ROWID`,
    "CREATE INDEX statements_by_subject ON statements (subject, event)",
    // An image that runs for a year has a scan of each day, of which one decides.
    "CREATE INDEX statements_dated ON statements (subject, kind, finished, event) WHERE finished IS NOT NULL",
    "CREATE INDEX statements_undated ON statements (subject, counts, event) WHERE finished IS NULL",
    "CREATE INDEX statements_by_log_entry ON statements (json_extract(data, '$.logged.index')) WHERE json_extract(data, '$.logged.index') IS NOT NULL",
    "CREATE INDEX statements_by_key ON statements (key) WHERE key IS NOT NULL",
    // Each nonce that was taken, also of what was deleted since: an approval is taken once.
    `CREATE TABLE approvals (principal TEXT NOT NULL, nonce TEXT NOT NULL, subject TEXT NOT NULL, environment TEXT NOT NULL, created INTEGER NOT NULL, event INTEGER NOT NULL,
      PRIMARY KEY (principal, nonce)) STRICT, WITHOUT ROWID`,
    "CREATE INDEX approvals_of_image ON approvals (subject, environment, principal)",
  ],
  apply: {
    "statement.accepted": (state, data, { index }) => {
      const { manifest, repository, subject, kind, key, role, payload, principal, facts } = data;
      const json = JSON.stringify(data);
      state.run(
        "INSERT OR REPLACE INTO statements VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, 0, ?, ?)",
        manifest,
        repository,
        subject,
        kind,
        key,
        role,
        payload,
        finishedOf(facts),
        index,
        json,
      );
      if (facts.kind !== "approval") return;
      state.run(
        "INSERT OR IGNORE INTO approvals VALUES (?, ?, ?, ?, ?, ?)",
        principal,
        facts.nonce,
        subject,
        facts.environment,
        facts.created,
        index,
      );
    },
    "statement.uncounted": (state, data, { index }) => {
      const { manifest, repository, subject, kind } = data;
      state.run(
        "INSERT OR REPLACE INTO statements VALUES (?, ?, ?, ?, 0, NULL, NULL, NULL, NULL, 0, ?, ?)",
        manifest,
        repository,
        subject,
        kind,
        index,
        JSON.stringify(data),
      );
    },
    // Attack: who may delete in the registry takes back the failed test, or the rejection, that somebody else signed.
    "manifest.deleted": (state, { repository, digest }, { index }) => {
      state.run("DELETE FROM statements WHERE manifest = ? AND repository = ? AND counts = 0", digest, repository);
      state.run(
        "UPDATE statements SET deleted = 1, event = ? WHERE manifest = ? AND repository = ?",
        index,
        digest,
        repository,
      );
    },
  },
};

function finishedOf(facts: EventData["statement.accepted"]["facts"]): number | null {
  if (facts.kind === "scan") return facts.scan.finished;
  return facts.kind === "tests" ? facts.finished : null;
}

export type AcceptedStatement = EventData["statement.accepted"] & {
  readonly event: number;
  /** Of its key, today: what a revoked key signed does not count. */
  readonly keyStatus: "active" | "retired" | "revoked";
  /** Its manifest was deleted: it proves nothing any more, but what it said against the image holds. */
  readonly isDeleted: boolean;
};

export type UncountedStatement = EventData["statement.uncounted"] & { readonly event: number };

type AcceptedRow = {
  readonly data: string;
  readonly event: number;
  readonly deleted: number;
  readonly status: AcceptedStatement["keyStatus"] | null;
};

const accepted =
  "SELECT s.data, s.event, s.deleted, k.status FROM statements s LEFT JOIN keys k ON k.id = s.key AND k.use = s.role";

/** What counted when it came in, in the order in which it came. */
export function listAccepted(state: Database, subject: string): readonly AcceptedStatement[] {
  return state
    .all<AcceptedRow>(`${accepted} WHERE s.subject = ? AND s.counts = 1 ORDER BY s.event`, subject)
    .map(toAccepted);
}

/** The same without scans and results of tests. */
export function listUndated(state: Database, subject: string): readonly AcceptedStatement[] {
  const undated = "s.subject = ? AND s.counts = 1 AND s.finished IS NULL";
  return state.all<AcceptedRow>(`${accepted} WHERE ${undated} ORDER BY s.event`, subject).map(toAccepted);
}

/**
 * Of what is found out anew each time the last word: that of the latest time, and of two of one moment the later one to come in, by a key that is not revoked. What is deleted in one repository and
 * there in another is not taken away.
 */
export function findNewest(state: Database, subject: string, kind: "scan" | "tests"): AcceptedStatement | undefined {
  const row = state.get<AcceptedRow>(
    `${accepted} WHERE s.subject = ? AND s.kind = ? AND s.finished IS NOT NULL AND k.status <> 'revoked'
      AND (s.deleted = 0 OR NOT EXISTS (SELECT 1 FROM statements o WHERE o.subject = s.subject AND o.kind = s.kind AND o.finished = s.finished AND o.payload = s.payload AND o.deleted = 0))
      ORDER BY s.finished DESC, s.event DESC LIMIT 1`,
    subject,
    kind,
  );
  return row === undefined ? undefined : toAccepted(row);
}

/** When the newest scan that counts was made, in seconds; undefined where none does. */
export function lastScanned(state: Database, subject: string): number | undefined {
  const newest = findNewest(state, subject, "scan");
  return newest?.facts.kind === "scan" && !newest.isDeleted ? newest.facts.scan.finished : undefined;
}

/** The newest one whose key is revoked. */
export function findFallen(state: Database, subject: string, kind: "scan" | "tests"): AcceptedStatement | undefined {
  const row = state.get<AcceptedRow>(
    `${accepted} WHERE s.subject = ? AND s.kind = ? AND s.finished IS NOT NULL AND coalesce(k.status, 'revoked') = 'revoked' ORDER BY s.finished DESC, s.event DESC LIMIT 1`,
    subject,
    kind,
  );
  return row === undefined ? undefined : toAccepted(row);
}

function toAccepted({ data, event, deleted, status }: AcceptedRow): AcceptedStatement {
  return {
    ...fromJson<EventData["statement.accepted"]>(data),
    event,
    keyStatus: status ?? "revoked",
    isDeleted: deleted === 1,
  };
}

/** Attack: who may push attaches ten thousand that do not count, and every decision reads them. */
const mostUncounted = 50;

/** The newest of what was kept and does not count, in the order in which it came. */
export function listUncounted(state: Database, subject: string): readonly UncountedStatement[] {
  const rows = state.all<{ data: string; event: number }>(
    "SELECT data, event FROM statements WHERE subject = ? AND counts = 0 AND finished IS NULL ORDER BY event DESC LIMIT ?",
    subject,
    mostUncounted,
  );
  return rows.toReversed().map(({ data, event }) => ({ ...fromJson<EventData["statement.uncounted"]>(data), event }));
}

/** The event that took the nonce; undefined where it is new. */
export function findNonce(state: Database, principal: string, nonce: string): number | undefined {
  return state.get<{ event: number }>("SELECT event FROM approvals WHERE principal = ? AND nonce = ?", principal, nonce)
    ?.event;
}

/** When the last word of a person about an image and environment says that it was made, in seconds; undefined where there is none. */
export function lastWord(
  state: Database,
  about: { readonly subject: string; readonly environment: string; readonly principal: string },
): number | undefined {
  return (
    state.get<{ created: number | null }>(
      "SELECT max(created) AS created FROM approvals WHERE subject = ? AND environment = ? AND principal = ?",
      about.subject,
      about.environment,
      about.principal,
    )?.created ?? undefined
  );
}

/** The last entry of the signature log that an event names; undefined where none does. */
export function lastLogged(state: Database): number | undefined {
  return (
    state.get<{ last: number | null }>(
      "SELECT max(json_extract(data, '$.logged.index')) AS last FROM statements WHERE json_extract(data, '$.logged.index') IS NOT NULL",
    )?.last ?? undefined
  );
}
