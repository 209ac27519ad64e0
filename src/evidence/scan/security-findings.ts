import { findCveIds } from "../../debian/security/cve-ids.ts";
import type { EntryBetween } from "../../debian/security/entries-between.ts";
import type { ChangelogEntry } from "../../debian/security/parse-changelog.ts";
import type { SecurityUpdate } from "../../debian/security/security-updates.ts";
import { clipAround } from "./clip-around.ts";
import type { Finding } from "./finding.ts";

export type FindingsOptions = {
  /** Name of the source of findings. */
  readonly source: string;
  /** Installed, `name=version`. */
  readonly binaries: readonly string[];
};

/**
 * One finding for each CVE that the entries of an update name; a single one, with an id of our own, where they name none. The severity is unknown: the
 * `urgency` of an upload to the security suite is `high` or `medium` by convention, and says nothing of the vulnerability.
 */
export function findingsOf(update: SecurityUpdate, options: FindingsOptions): readonly Finding[] {
  const { entries, history } = update;
  const before = mentionsIn(history);
  const open = new Map(
    [...mentionsIn(entries)].flatMap(([id, mentions]): [string, readonly Mention<EntryBetween>[]][] => {
      const counting = before.has(id) ? mentions.filter(({ entry }) => isYounger(entry, history[0])) : mentions;
      return counting.length === 0 ? [] : [[id, counting]];
    }),
  );
  if (open.size === 0) return [unnamed(update, options)];
  return [...open].map(([id, mentions]) => named(update, { id, mentions, before: before.get(id)?.[0] }, options));
}

type Mention<Entry = ChangelogEntry> = { readonly entry: Entry; readonly change: string };

/** By CVE id, the newest first, as in the changelog. */
function mentionsIn<Entry extends ChangelogEntry>(
  entries: readonly Entry[],
): ReadonlyMap<string, readonly Mention<Entry>[]> {
  const found = new Map<string, Mention<Entry>[]>();
  for (const entry of entries)
    for (const change of entry.changes)
      for (const id of findCveIds(change)) found.set(id, [...(found.get(id) ?? []), { entry, change }]);
  return found;
}

/**
 * An update that comes from a newer upstream branch brings that branch's changelog with it. What stands there with an older date than the installed version, and is
 * named by that one too, was fixed in both. The same id with a younger date is the fix of a fix, which counts.
 */
function isYounger(entry: ChangelogEntry, installed: ChangelogEntry | undefined): boolean {
  if (entry.date === undefined || installed?.date === undefined) return true;
  return Date.parse(entry.date) > Date.parse(installed.date);
}

type Named = {
  readonly id: string;
  readonly mentions: readonly Mention<EntryBetween>[];
  /** Where the installed version names it already. */
  readonly before: Mention | undefined;
};

function named(update: SecurityUpdate, { id, mentions, before }: Named, options: FindingsOptions): Finding {
  // The oldest is the fix; what names the id again mends that.
  const first = mentions.at(-1);
  const told = mentions.map(({ entry, change }) => tell(update, entry, clipAround(change, id, longestEvidence)));
  const again =
    before && `already named in ${tell(update, before.entry, clipAround(before.change, id, longestEvidence))}`;
  return {
    ...commonOf(update, options),
    id,
    fixedVersion: first?.entry.availableIn ?? update.newest,
    ...(first?.entry.availableSince === undefined ? {} : { fixedSince: first.entry.availableSince }),
    ...(first === undefined ? {} : { title: clipAround(first.change, id, longestTitle) }),
    evidence: [...told, ...(again === undefined ? [] : [again])].map((text) => ({ source: options.source, text })),
  };
}

/** A newer version in the security suite is there for a reason, also where its changelog names no CVE. */
function unnamed(update: SecurityUpdate, options: FindingsOptions): Finding {
  const { source, newest, entries } = update;
  const [entry] = entries;
  const change = entry?.changes.find((text) => !formalities.test(text)) ?? entry?.changes[0];
  const told = entries.flatMap((one) =>
    one.changes.map((text) => tell(update, one, clipAround(text, "", longestEvidence))),
  );
  const silent = `${source} ${newest} is in the security suite; no package of it carries its changelog`;
  return {
    ...commonOf(update, options),
    id: `SECURITY-UPDATE-${source}-${newest}`,
    fixedVersion: newest,
    ...(entry?.availableSince === undefined ? {} : { fixedSince: entry.availableSince }),
    title: change === undefined ? `security update to ${newest}` : clipAround(change, "", longestTitle),
    evidence: (told.length === 0 ? [silent] : told.slice(0, mostLines)).map((text) => ({
      source: options.source,
      text,
    })),
  };
}

/** Lines that say who did it, not what. */
const formalities = /^(?:\[ .* \]|Non-maintainer upload|Team upload|QA upload|Rebuild for|Backport)/i;

const longestTitle = 160;
const longestEvidence = 400;
const mostLines = 20;

function commonOf(
  { source, installed }: SecurityUpdate,
  { binaries }: FindingsOptions,
): Pick<Finding, "aliases" | "package" | "state" | "severity"> {
  return {
    aliases: [],
    package: { ecosystem: "deb", name: source, version: installed, binaries },
    state: "fixed",
    severity: "unknown",
  };
}

function tell({ source }: SecurityUpdate, { version }: ChangelogEntry, change: string): string {
  return `${source} ${version}: ${change}`;
}
