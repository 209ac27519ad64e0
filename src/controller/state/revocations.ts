import type { Database } from "../../ledger/projection/database.ts";
import type { EventData } from "../events/events.ts";
import type { RevokedSubject } from "../events/revocation-events.ts";
import { fromJson } from "./from-json.ts";
import type { Subject } from "./subject.ts";

export const revocationState: Subject = {
  tables: [
    `CREATE TABLE revocations (event INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, reason TEXT NOT NULL, made_by TEXT NOT NULL) STRICT`,
    // lowest: the first of its layers.
    `CREATE TABLE revoked_images (digest TEXT NOT NULL, revocation INTEGER NOT NULL, how TEXT NOT NULL, lowest TEXT, layers TEXT NOT NULL, event INTEGER NOT NULL,
      PRIMARY KEY (digest, revocation)) STRICT, WITHOUT ROWID`,
    "CREATE INDEX revoked_by_lowest_layer ON revoked_images (lowest) WHERE lowest IS NOT NULL",
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
      for (const { digest, how, layers = [] } of images) {
        state.run(
          "INSERT OR REPLACE INTO revoked_images VALUES (?, ?, ?, ?, ?, ?)",
          ...[digest, revocation, how, layers[0] ?? null, JSON.stringify(layers), index],
        );
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

/** An image, how a revocation reaches it, and which. */
export type RevokedImage = { readonly digest: string; readonly how: string; readonly revocation: number };

/** What a revocation reaches by now, in the order of digests. */
export function imagesOf(state: Database, revocation: number): readonly RevokedImage[] {
  return state.all<RevokedImage>(
    "SELECT digest, how, revocation FROM revoked_images WHERE revocation = ? ORDER BY digest",
    revocation,
  );
}

/**
 * The revocations that reach an image. That of a key does not hold against an image which another key, that is good, has signed too: it does not rest on the lost one, and a rebuild of the same lock has
 * the same digest.
 */
export function revocationsOf(
  state: Database,
  digest: string,
): readonly { readonly event: number; readonly what: string; readonly reason: string }[] {
  return state.all<{ event: number; what: string; reason: string }>(
    `SELECT r.event, i.how AS what, r.reason FROM revoked_images i JOIN revocations r ON r.event = i.revocation
      WHERE i.digest = ? AND NOT (r.kind = 'key' AND EXISTS (SELECT 1 FROM statements s JOIN keys k ON k.id = s.key AND k.use = s.role
        WHERE s.subject = i.digest AND s.counts = 1 AND s.deleted = 0 AND s.kind = 'signature' AND k.status <> 'revoked')) ORDER BY r.event`,
    digest,
  );
}
