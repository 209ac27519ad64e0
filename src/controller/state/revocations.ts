import type { Database } from "../../ledger/projection/database.ts";
import type { EventData } from "../events/events.ts";
import type { RevokedSubject } from "../events/revocation-events.ts";
import { fromJson } from "./from-json.ts";
import type { Subject } from "./subject.ts";

export const revocationState: Subject = {
  tables: [
    `CREATE TABLE revocations (event INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, reason TEXT NOT NULL, made_by TEXT NOT NULL) STRICT`,
    `CREATE TABLE revoked_images (digest TEXT NOT NULL, revocation INTEGER NOT NULL, how TEXT NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (digest, revocation)) STRICT, WITHOUT ROWID`,
  ],
  apply: {
    "revocation.made": (state, { subject, reason }, { index, actor }) => {
      state.run(
        "INSERT INTO revocations VALUES (?, ?, ?, ?, ?)",
        index,
        subject.kind,
        JSON.stringify(subject),
        reason,
        actor,
      );
    },
    "revocation.reached": (state, { revocation, images }, { index }) => {
      for (const { digest, how } of images) {
        state.run("INSERT OR REPLACE INTO revoked_images VALUES (?, ?, ?, ?)", digest, revocation, how, index);
      }
    },
  },
};

export type Revocation = EventData["revocation.made"] & { readonly event: number; readonly madeBy: string };

type RevocationRow = {
  readonly event: number;
  readonly subject: string;
  readonly reason: string;
  readonly made_by: string;
};

export function listRevocations(state: Database, kind?: RevokedSubject["kind"]): readonly Revocation[] {
  const rows =
    kind === undefined
      ? state.all<RevocationRow>("SELECT * FROM revocations ORDER BY event")
      : state.all<RevocationRow>("SELECT * FROM revocations WHERE kind = ? ORDER BY event", kind);
  return rows.map((row) => {
    const { event, subject, reason, made_by } = row;
    return { event, subject: fromJson<RevokedSubject>(subject), reason, madeBy: made_by };
  });
}

/** The revocations that reach an image. */
export function revocationsOf(
  state: Database,
  digest: string,
): readonly { readonly event: number; readonly what: string; readonly reason: string }[] {
  return state.all<{ event: number; what: string; reason: string }>(
    `SELECT r.event, i.how AS what, r.reason FROM revoked_images i JOIN revocations r ON r.event = i.revocation WHERE i.digest = ? ORDER BY r.event`,
    digest,
  );
}
