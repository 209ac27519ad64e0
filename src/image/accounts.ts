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

/** A user by name or number; a number without an entry has the group of the same number. Throws `account-unknown`. */
export function findUser(accounts: Accounts, name: string): { readonly uid: number; readonly gid: number } {
  const known = Object.hasOwn(accounts.users, name) ? accounts.users[name] : undefined;
  if (known) return known;
  if (!/^\d+$/.test(name)) throw unknown("user", name, Object.keys(accounts.users));
  const uid = Number(name);
  return Object.values(accounts.users).find((user) => user.uid === uid) ?? { uid, gid: uid };
}

/** A group's number by name or number. Throws `account-unknown`. */
export function findGroup(accounts: Accounts, name: string): number {
  const known = Object.hasOwn(accounts.groups, name) ? accounts.groups[name] : undefined;
  if (known !== undefined) return known;
  if (!/^\d+$/.test(name)) throw unknown("group", name, Object.keys(accounts.groups));
  return Number(name);
}

function unknown(kind: string, name: string, names: readonly string[]): IngotError {
  return new IngotError("account-unknown", `the image has no ${kind} named "${name}"`, {
    details: [`it has: ${names.toSorted().join(", ") || "none"}`],
    hint: `add the package that makes the ${kind}, or make it in \`run:\` with useradd or groupadd, or write a number`,
  });
}
