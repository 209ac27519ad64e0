/** An entry of /etc/passwd (passwd(5)). */
export type PasswdEntry = {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Never empty: an empty field means /bin/sh. */
  readonly shell: string;
};

/** An entry of /etc/group (group(5)). */
export type GroupEntry = { readonly name: string; readonly gid: number; readonly members: readonly string[] };

/**
 * The users of an image, from the text of its /etc/passwd: hostile like all of it. Lines that are no entries are passed over, as the C library passes over them;
 * above all those whose ids are no numbers, which a runtime would take for root.
 */
export function parsePasswd(text: string): readonly PasswdEntry[] {
  return fieldsOf(text).flatMap(([name = "", , uid, gid, , , shell]) => {
    const ids = { uid: parseId(uid), gid: parseId(gid) };
    if (ids.uid === undefined || ids.gid === undefined) return [];
    return [{ name, uid: ids.uid, gid: ids.gid, shell: shell || "/bin/sh" }];
  });
}

/** The groups of an image, from the text of its /etc/group, in the same way. */
export function parseGroup(text: string): readonly GroupEntry[] {
  return fieldsOf(text).flatMap(([name = "", , id, members = ""]) => {
    const gid = parseId(id);
    return gid === undefined ? [] : [{ name, gid, members: members.split(",").filter((member) => member !== "") }];
  });
}

/** The user that a name or a number means: of several entries the first, as for the C library. Digits are always a number. */
export function findUserEntry(users: readonly PasswdEntry[], user: string): PasswdEntry | undefined {
  const uid = parseId(user);
  return users.find((entry) => (uid === undefined ? entry.name === user : entry.uid === uid));
}

/** A user's or group's number; undefined for what is none, and for numbers that the kernel gives to nobody (credentials(7): -1 means "no change"). */
export function parseId(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  return Number(text) < 0xffff_ffff ? Number(text) : undefined;
}

function fieldsOf(text: string): readonly (readonly string[])[] {
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([name = ""]) => name !== "" && !name.startsWith("#"));
}
