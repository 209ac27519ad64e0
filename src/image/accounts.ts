import { IngotError } from "../ground/error.ts";

/** The users and groups of an image, from its /etc/passwd and /etc/group. */
export type Accounts = {
  readonly users: Readonly<Record<string, { readonly uid: number; readonly gid: number }>>;
  readonly groups: Readonly<Record<string, number>>;
};

export const noAccounts: Accounts = { users: {}, groups: {} };

/** Reads the two files' texts (passwd(5), group(5)); lines that are not entries are passed over, as the C library does. */
export function parseAccounts(passwd: string, group: string): Accounts {
  const users = entries(passwd).map(([name, , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }] as const);
  const groups = entries(group).map(([name, , gid]) => [name, Number(gid)] as const);
  return { users: Object.fromEntries(users), groups: Object.fromEntries(groups) };
}

function entries(text: string): (readonly string[] & { readonly 0: string })[] {
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .filter((fields): fields is [string, ...string[]] => fields.length >= 3 && fields[0] !== "");
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
