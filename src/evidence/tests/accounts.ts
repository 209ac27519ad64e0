import { parseId, type PasswdEntry } from "../../oci/account-files.ts";

/** Who a definition means: a name, or a number that need not have one. */
export function uidOf(users: readonly PasswdEntry[], owner: string): number | undefined {
  return parseId(owner) ?? users.find(({ name }) => name === owner)?.uid;
}

/** `www-data (33)`, or the bare number of one without a name. */
export function describeUid(users: readonly PasswdEntry[], uid: number): string {
  const name = users.find((user) => user.uid === uid)?.name;
  return name === undefined ? String(uid) : `${name} (${uid})`;
}
