/** A line of /etc/passwd (passwd(5)). */
export type Account = { readonly name: string; readonly uid: number; readonly shell: string };

/** The accounts of a passwd file; lines that are none are left out, as libc does. */
export function readAccounts(passwd: string): readonly Account[] {
  return passwd.split("\n").flatMap((line) => {
    const [name = "", , uid = "", , , , shell] = line.split(":");
    if (name === "" || !/^\d+$/.test(uid) || shell === undefined) return [];
    // An empty field means /bin/sh.
    return [{ name, uid: Number(uid), shell: shell || "/bin/sh" }];
  });
}

/** Who a definition means: a name, or a number that need not have one. */
export function uidOf(accounts: readonly Account[], owner: string): number | undefined {
  return /^\d+$/.test(owner) ? Number(owner) : accounts.find(({ name }) => name === owner)?.uid;
}

/** `www-data (33)`, or the bare number of one without a name. */
export function describeUid(accounts: readonly Account[], uid: number): string {
  const name = accounts.find((account) => account.uid === uid)?.name;
  return name === undefined ? String(uid) : `${name} (${uid})`;
}
