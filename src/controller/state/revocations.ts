import type { Database } from "../../ledger/projection/database.ts";
import type { EventData } from "../events/events.ts";
import type { RevokedSubject } from "../events/revocation-events.ts";
import { fromJson } from "./from-json.ts";
import type { Subject } from "./subject.ts";

export const revocationState: Subject = {
  tables: [
    `CREATE TABLE revocations (event INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, reason TEXT NOT NULL, made_by TEXT NOT NULL) STRICT`,
    // lowest: the first of its layers.
    `CREATE TABLE revoked_images (digest TEXT NOT NULL, revocation INTEGER NOT NULL, how TEXT NOT NULL, parent TEXT, lowest TEXT, layers TEXT NOT NULL, event INTEGER NOT NULL,
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
      for (const { digest, how, parent, layers = [] } of images) {
        state.run(
          "INSERT OR REPLACE INTO revoked_images VALUES (?, ?, ?, ?, ?, ?, ?)",
          digest,
          revocation,
          how,
          parent ?? null,
          layers[0] ?? null,
          JSON.stringify(layers),
          index,
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

/** An image, and how a revocation reaches it. `parent`: through which image. */
export type RevokedImage = { readonly digest: string; readonly how: string; readonly parent?: string };

/** What a revocation reached by now, in the order of digests. */
export function imagesOf(state: Database, revocation: number): readonly RevokedImage[] {
  return state
    .all<{ digest: string; how: string; parent: string | null }>(
      "SELECT digest, how, parent FROM revoked_images WHERE revocation = ? ORDER BY digest",
      revocation,
    )
    .map(({ digest, how, parent }) => ({ digest, how, ...(parent === null ? {} : { parent }) }));
}

/** The revocations that stand against an image. */
export function revocationsOf(
  state: Database,
  digest: string,
): readonly { readonly event: number; readonly what: string; readonly reason: string }[] {
  return state
    .all<ReachingRow>(
      "SELECT r.event, r.kind, i.how AS what, r.reason, i.parent FROM revoked_images i JOIN revocations r ON r.event = i.revocation WHERE i.digest = ? ORDER BY r.event",
      digest,
    )
    .filter((row) => isStanding(state, digest, row))
    .map(({ event, what, reason }) => ({ event, what, reason }));
}

type ReachingRow = {
  readonly event: number;
  readonly kind: string;
  readonly what: string;
  readonly reason: string;
  readonly parent: string | null;
};

/**
 * Two kinds may be answered by something better. That of a key does not hold against an image which another key, that is good, has signed too: a rebuild of the same lock has the same digest. That of a
 * package, which reaches an image through what it is built on, does not hold against one whose own bill of materials counts: it may have a newer version on top, and if not, it is reached by itself.
 */
function isStanding(
  state: Database,
  digest: string,
  { event, kind, parent }: Omit<ReachingRow, "what" | "reason">,
): boolean {
  if (kind === "key") return !hasStatement(state, digest, ["signature"]);
  if (kind !== "package" || parent === null) return true;
  if (hasStatement(state, digest, ["cyclonedx", "spdx"])) return false;
  const above = state.get<{ parent: string | null }>(
    "SELECT parent FROM revoked_images WHERE digest = ? AND revocation = ?",
    parent,
    event,
  );
  return above === undefined || isStanding(state, parent, { event, kind, parent: above.parent });
}

/** One that counts, by a key that is not revoked. */
function hasStatement(state: Database, subject: string, kinds: readonly [string, string?]): boolean {
  const row = state.get(
    `SELECT 1 AS yes FROM statements s JOIN keys k ON k.id = s.key AND k.use = s.role
      WHERE s.subject = ? AND s.kind IN (?, ?) AND s.counts = 1 AND s.deleted = 0 AND k.status <> 'revoked' LIMIT 1`,
    subject,
    kinds[0],
    kinds[1] ?? kinds[0],
  );
  return row !== undefined;
}
