import type { Database } from "../../ledger/projection/database.ts";
import type { PrincipalRole } from "../../policy/policy.ts";
import { fromJson } from "./from-json.ts";
import type { Subject } from "./subject.ts";

/** What signing in leaves: open enrolments, the tokens that were given and have not expired, and what is taken once. */
export const signInState: Subject = {
  tables: [
    `CREATE TABLE enrolments (hash TEXT PRIMARY KEY, id TEXT NOT NULL, principal TEXT NOT NULL, expires INTEGER NOT NULL, first INTEGER NOT NULL, used INTEGER,
      event INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    `CREATE TABLE assertions (id TEXT PRIMARY KEY, expires INTEGER NOT NULL, event INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    `CREATE TABLE tokens (id TEXT PRIMARY KEY, principal TEXT NOT NULL, environment TEXT, expires INTEGER NOT NULL, key TEXT, issuer TEXT, groups TEXT NOT NULL,
      roles TEXT NOT NULL, event INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    "CREATE INDEX tokens_by_expiry ON tokens (expires)",
    "CREATE INDEX assertions_by_expiry ON assertions (expires)",
  ],
  apply: {
    "enrolment.opened": (state, { principal, id, hash, expires, first }, { index }) => {
      // One code a person: the one that was given out last. Of the first admin's, whose name is not known yet, there is one in all.
      if (first === true) state.run("DELETE FROM enrolments WHERE first = 1 AND used IS NULL");
      else state.run("DELETE FROM enrolments WHERE principal = ? AND used IS NULL", principal);
      const isFirst = first === true ? 1 : 0;
      state.run(
        "INSERT OR IGNORE INTO enrolments VALUES (?, ?, ?, ?, ?, NULL, ?)",
        hash,
        id,
        principal,
        expires,
        isFirst,
        index,
      );
    },
    "enrolment.used": (state, { hash }, { index }) => {
      state.run("UPDATE enrolments SET used = ?1, event = ?1 WHERE hash = ?2", index, hash);
    },
    "identity.removed": (state, { principal }) => {
      state.run("DELETE FROM enrolments WHERE principal = ? AND used IS NULL", principal);
    },
    "token.issued": (state, data, { index, time }) => {
      const { by, id, principal, environment = null, expires } = data;
      // What has expired is refused for its age: it need not be remembered. Later by more than any skew that is allowed.
      const past = Math.floor(Date.parse(time) / 1000) - 300;
      state.run("DELETE FROM assertions WHERE expires < ?", past);
      state.run("DELETE FROM tokens WHERE expires < ?", past);
      if (by.kind === "token") {
        state.run(
          "INSERT OR IGNORE INTO tokens SELECT ?, principal, ?, CAST(? AS INTEGER), key, issuer, groups, roles, ? FROM tokens WHERE id = ?",
          id,
          environment,
          expires,
          index,
          by.parent,
        );
        return;
      }
      if (by.kind === "controller") {
        const [none, roles] = ["[]", '["host"]'];
        const all = [id, principal, environment, expires, null, null, none, roles, index] as const;
        state.run("INSERT OR IGNORE INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", ...all);
        return;
      }
      state.run("INSERT OR IGNORE INTO assertions VALUES (?, ?, ?)", by.assertion, by.assertionExpires, index);
      const [key, issuer] = by.kind === "key" ? [by.key, null] : [null, by.issuer];
      const { groups, roles } = by.kind === "key" ? { groups: [], roles: [] } : by;
      state.run(
        "INSERT OR IGNORE INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        id,
        principal,
        environment,
        expires,
        key,
        issuer,
        JSON.stringify(groups),
        JSON.stringify(roles),
        index,
      );
    },
  },
};

/** A token that was given, and what for. */
export type KnownToken = {
  readonly principal: string;
  readonly environment?: string;
  readonly expires: number;
  /** The key or the issuer that it rests on, also where it was made from another token. */
  readonly ground: { readonly key: string } | { readonly issuer: string } | { readonly controller: true };
  /** What an issuer's claims gave. */
  readonly groups: readonly string[];
  readonly roles: readonly PrincipalRole[];
};

/** By its id; undefined for one that this controller never gave, or that expired. */
export function findToken(state: Database, id: string): KnownToken | undefined {
  type TokenRow = {
    readonly principal: string;
    readonly environment: string | null;
    readonly expires: number;
    readonly key: string | null;
    readonly issuer: string | null;
    readonly groups: string;
    readonly roles: string;
  };
  const row = state.get<TokenRow>("SELECT * FROM tokens WHERE id = ?", id);
  if (row === undefined) return undefined;
  const { principal, environment, expires, key, issuer } = row;
  return {
    principal,
    ...(environment === null ? {} : { environment }),
    expires,
    ground: groundOf(key, issuer),
    groups: fromJson(row.groups),
    roles: fromJson(row.roles),
  };
}

function groundOf(key: string | null, issuer: string | null): KnownToken["ground"] {
  if (key !== null) return { key };
  return issuer === null ? { controller: true } : { issuer };
}

/** Whether something that is taken once was taken. */
export function isTaken(state: Database, assertion: string): boolean {
  return state.get("SELECT 1 FROM assertions WHERE id = ?", assertion) !== undefined;
}

export type Enrolment = {
  readonly hash: string;
  readonly principal: string;
  readonly expires: number;
  readonly isFirst: boolean;
  readonly isUsed: boolean;
};

/** Those whose code begins with `id`: one, but for a coincidence. */
export function findEnrolments(state: Database, id: string): readonly Enrolment[] {
  type EnrolmentRow = { hash: string; principal: string; expires: number; first: number; used: number | null };
  const rows = state.all<EnrolmentRow>("SELECT hash, principal, expires, first, used FROM enrolments WHERE id = ?", id);
  return rows.map(({ first, used, ...row }) => ({ ...row, isFirst: first === 1, isUsed: used !== null }));
}
