import type { Role } from "../../evidence/evidence.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Principal, PrincipalKind, PrincipalRole } from "../../policy/policy.ts";
import type { KeyUse } from "../events/identity-events.ts";
import { fromJson } from "./from-json.ts";
import type { Subject } from "./subject.ts";

export const identityState: Subject = {
  tables: [
    `CREATE TABLE identities (principal TEXT PRIMARY KEY, kind TEXT NOT NULL, groups TEXT NOT NULL, roles TEXT NOT NULL, emails TEXT NOT NULL, environment TEXT,
      removed INTEGER, event INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    // status: active, retired (signs nothing new), revoked (nothing it signed counts).
    `CREATE TABLE keys (id TEXT NOT NULL, use TEXT NOT NULL, principal TEXT NOT NULL, pem TEXT NOT NULL, status TEXT NOT NULL, event INTEGER NOT NULL,
      PRIMARY KEY (id, use)) STRICT, WITHOUT ROWID`,
    "CREATE INDEX keys_of_principal ON keys (principal)",
  ],
  apply: {
    "identity.added": (state, { principal, kind, groups, roles, emails, environment }, { index }) => {
      state.run(
        "INSERT OR REPLACE INTO identities VALUES (?, ?, ?, ?, ?, ?, NULL, ?)",
        principal,
        kind,
        JSON.stringify(groups),
        JSON.stringify(roles),
        JSON.stringify(emails),
        environment ?? null,
        index,
      );
    },
    "identity.removed": (state, { principal }, { index }) => {
      state.run("UPDATE identities SET removed = ?1, event = ?1 WHERE principal = ?2", index, principal);
      state.run(
        "UPDATE keys SET status = 'retired', event = ? WHERE principal = ? AND status = 'active'",
        index,
        principal,
      );
    },
    "key.registered": (state, { principal, key }, { index }) => {
      state.run(
        "INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, 'active', ?)",
        key.id,
        key.use,
        principal,
        key.pem,
        index,
      );
    },
    "key.retired": (state, { id, use }, { index }) => {
      state.run(
        "UPDATE keys SET status = 'retired', event = ? WHERE id = ? AND use = ? AND status = 'active'",
        index,
        id,
        use,
      );
    },
    "revocation.made": (state, { subject }, { index }) => {
      if (subject.kind !== "key") return;
      state.run("UPDATE keys SET status = 'revoked', event = ? WHERE id = ?", index, subject.id);
    },
  },
};

export type IdentityKey = {
  readonly id: string;
  readonly use: KeyUse;
  readonly pem: string;
  readonly status: "active" | "retired" | "revoked";
};

export type Identity = {
  /** `user:alice`. */
  readonly principal: string;
  readonly kind: PrincipalKind;
  readonly groups: readonly string[];
  readonly roles: readonly PrincipalRole[];
  readonly emails: readonly string[];
  readonly environment?: string;
  readonly removed: boolean;
  readonly keys: readonly IdentityKey[];
};

/** As policies see it: without an environment, which is a token's, and not of who has it. */
export function toPrincipal({ principal, kind, groups, roles }: Identity): Principal {
  return { kind, name: principal.slice(kind.length + 1), groups, roles };
}

export function findIdentity(state: Database, principal: string): Identity | undefined {
  const row = state.get<IdentityRow>("SELECT * FROM identities WHERE principal = ?", principal);
  return row === undefined ? undefined : toIdentity(state, row);
}

/** Somebody else whose name is the same but for upper and lower case. */
export function findLookalike(state: Database, principal: string): string | undefined {
  const sql = "SELECT principal FROM identities WHERE principal = ?1 COLLATE NOCASE AND principal != ?1 LIMIT 1";
  return state.get<{ principal: string }>(sql, principal)?.principal;
}

/** In the order of their names. */
export function listIdentities(state: Database): readonly Identity[] {
  return state.all<IdentityRow>("SELECT * FROM identities ORDER BY principal").map((row) => toIdentity(state, row));
}

/** Who owns a key for one use, whatever its status. */
export function findKey(
  state: Database,
  id: string,
  use: KeyUse,
): (IdentityKey & { readonly principal: string }) | undefined {
  type KeyRow = { id: string; use: KeyUse; pem: string; status: IdentityKey["status"]; principal: string };
  return state.get<KeyRow>("SELECT id, use, pem, status, principal FROM keys WHERE id = ? AND use = ?", id, use);
}

/** Whose a key is, for whatever use and whatever its status. */
export function findKeyOwner(state: Database, id: string): string | undefined {
  return state.get<{ principal: string }>("SELECT principal FROM keys WHERE id = ? LIMIT 1", id)?.principal;
}

/** A key that makes statements, with who owns it. */
export type StatementKey = IdentityKey & { readonly use: Role; readonly principal: string };

/** Keys that make statements, whatever their status: active ones first. */
export function listStatementKeys(state: Database): readonly StatementKey[] {
  return state.all<StatementKey>(
    "SELECT id, use, pem, status, principal FROM keys WHERE use != 'identity' ORDER BY status != 'active', id, use",
  );
}

/** Everybody who is, or was, known by an address: somebody may have two accounts. In order. */
export function listIdentitiesByEmail(state: Database, email: string): readonly string[] {
  return state
    .all<{ principal: string }>(
      "SELECT DISTINCT principal FROM identities, json_each(emails) WHERE json_each.value = ? COLLATE NOCASE ORDER BY principal",
      email,
    )
    .map(({ principal }) => principal);
}

type IdentityRow = {
  readonly principal: string;
  readonly kind: string;
  readonly groups: string;
  readonly roles: string;
  readonly emails: string;
  readonly environment: string | null;
  readonly removed: number | null;
};

function toIdentity(state: Database, row: IdentityRow): Identity {
  const { principal, kind, environment, removed } = row;
  const keys = state.all<{ id: string; use: string; pem: string; status: string }>(
    "SELECT id, use, pem, status FROM keys WHERE principal = ? ORDER BY use, event",
    principal,
  );
  return {
    principal,
    kind: kind as PrincipalKind,
    groups: fromJson(row.groups),
    roles: fromJson(row.roles),
    emails: fromJson(row.emails),
    ...(environment === null ? {} : { environment }),
    removed: removed !== null,
    keys: keys as readonly IdentityKey[],
  };
}
