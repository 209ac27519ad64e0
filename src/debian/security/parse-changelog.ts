/** One entry of a Debian changelog (deb-changelog(5)). */
export type ChangelogEntry = {
  readonly version: string;
  /** ISO 8601, from the trailer; absent where it is no date. */
  readonly date?: string;
  /** As written, lower case: `high`. */
  readonly urgency?: string;
  /** The changes, each on one line, whatever lines it was folded over, without its bullet. */
  readonly changes: readonly string[];
};

/**
 * Parses a changelog, the newest entry first as it is written. What is no entry, such as the settings of an editor at the end, is passed over: old
 * changelogs have all kinds of text in them, and a reader that stops there would lose fixes.
 */
export function parseChangelog(text: string): readonly ChangelogEntry[] {
  const entries: { heading: Heading; lines: string[]; date?: string }[] = [];
  for (const line of text.split(/\r?\n/)) {
    const heading = parseHeading(line);
    const open = entries.at(-1);
    if (heading) entries.push({ heading, lines: [] });
    else if (open && line.startsWith(" -- ")) Object.assign(open, dateOf(line));
    else if (open && /^\s+\S/.test(line)) open.lines.push(line);
    else if (open && line.trim() === "") open.lines.push("");
  }
  return entries.map(({ heading, lines, date }) => ({
    ...heading,
    ...(date === undefined ? {} : { date }),
    changes: joinChanges(lines),
  }));
}

type Heading = Pick<ChangelogEntry, "version" | "urgency">;

/** `nginx (1.22.1-9) bookworm-security; urgency=high`; the name may be another one: packages are renamed. */
function parseHeading(line: string): Heading | undefined {
  const found = /^[a-z0-9][a-z0-9+.-]* \((?<version>[^()\s]+)\)(?:\s+[^\s;]+)+;(?<rest>.*)$/i.exec(line)?.groups;
  if (!found) return undefined;
  const urgency = /\burgency=(\w+)/i.exec(found.rest ?? "")?.[1]?.toLowerCase();
  return { version: found.version ?? "", ...(urgency === undefined ? {} : { urgency }) };
}

/** ` -- Name <address>  Mon, 02 Jan 2023 10:00:00 +0000`. */
function dateOf(trailer: string): { readonly date?: string } {
  const date = new Date(trailer.slice(trailer.lastIndexOf(">") + 1).trim());
  return Number.isNaN(date.getTime()) ? {} : { date: date.toISOString() };
}

/** A change begins with a bullet; the lines below it, up to the next bullet or an empty line, go on with it. */
function joinChanges(lines: readonly string[]): readonly string[] {
  const changes: string[] = [];
  let isOpen = false;
  for (const line of lines) {
    const text = line.trim();
    const bullet = /^[*+o•-]\s+/.exec(text)?.[0];
    if (text === "") isOpen = false;
    else if (bullet !== undefined || !isOpen) changes.push(text.slice(bullet?.length ?? 0));
    else changes.push(joinLines(changes.pop() ?? "", text));
    isOpen = text !== "";
  }
  return changes;
}

/** A word that was folded at its hyphen, as `CVE-2023-` and `1234`, becomes one again. */
function joinLines(before: string, after: string): string {
  return /CVE-(?:\d{4}-)?$/i.test(before) && /^\d/.test(after) ? before + after : `${before} ${after}`;
}
