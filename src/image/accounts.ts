import { IngotError } from "../ground/error.ts";
import { parseGroup, parsePasswd } from "../oci/account-files.ts";

/** The users and groups of an image, from its /etc/passwd and /etc/group. */
export type Accounts = {
  readonly users: Readonly<Record<string, { readonly uid: number; readonly gid: number }>>;
  readonly groups: Readonly<Record<string, number>>;
};

export const noAccounts: Accounts = { users: {}, groups: {} };

/** From the two files' texts. Of several entries with one name the first counts, which is also who an instance then runs as. */
export function parseAccounts(passwd: string, group: string): Accounts {
  const users = parsePasswd(passwd).map(({ name, uid, gid }) => [name, { uid, gid }] as const);
  const groups = parseGroup(group).map(({ name, gid }) => [name, gid] as const);
  return { users: Object.fromEntries(users.toReversed()), groups: Object.fromEntries(groups.toReversed()) };
}

/** Where a definition names an account, for the message when the image does not have it. */
export type AccountUse = {
  readonly image: string;
  /** The key of the definition. */
  readonly key: "files" | "user";
  /** The place in the image, below `files`. */
  readonly path?: string;
};

/** A user by name or number; a number without an entry has the group of the same number. Throws `account-unknown`. */
export function findUser(
  accounts: Accounts,
  name: string,
  use: AccountUse,
): { readonly uid: number; readonly gid: number } {
  const known = Object.hasOwn(accounts.users, name) ? accounts.users[name] : undefined;
  if (known) return known;
  if (!/^\d+$/.test(name)) throw unknown(use, `user named "${name}"`, Object.keys(accounts.users));
  const uid = Number(name);
  return Object.values(accounts.users).find((user) => user.uid === uid) ?? { uid, gid: uid };
}

/** A group's number by name or number. Throws `account-unknown`. */
export function findGroup(accounts: Accounts, name: string, use: AccountUse): number {
  const known = Object.hasOwn(accounts.groups, name) ? accounts.groups[name] : undefined;
  if (known !== undefined) return known;
  if (!/^\d+$/.test(name)) throw unknown(use, `group named "${name}"`, Object.keys(accounts.groups));
  return Number(name);
}

/** `files` are placed before `run:`, so an account that a command makes is there for `user:` only. */
const ways = {
  files: "write a number, or chown it in `run:`: files are placed before `run:`",
  user: "add the package that makes it, or make it in `run:` with useradd or groupadd, or write a number",
} as const;

function unknown(use: AccountUse, what: string, names: readonly string[]): IngotError {
  const place = use.path === undefined ? use.key : `${use.key}: ${use.path}`;
  return new IngotError("account-unknown", `${place}: the image "${use.image}" has no ${what}`, {
    details: [`it has: ${names.toSorted().join(", ") || "none"}`],
    hint: ways[use.key],
  });
}
