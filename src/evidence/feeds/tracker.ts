import { isDebianVersion } from "./debian-version.ts";
import { malformed } from "./feed-error.ts";
import type { FeedLimits } from "./feed.ts";
import type { IndexWriter, Place } from "./feed-index.ts";
import { asObject, asText, parseMember } from "./read-piece.ts";
import { splitJson } from "./split-json.ts";

/**
 * What the index keeps of one vulnerability in one source package of one release: id; the version with the fix, or "" while it is open; Debian's urgency; why no advisory
 * is made (`no-dsa`, `postponed`, `ignored`) with its words; where the description is.
 */
export type TrackerRow = readonly [
  id: string,
  fixed: string,
  urgency: string,
  withoutAdvisory: "" | "no-dsa" | "postponed" | "ignored",
  note: string,
  description: Place,
];

/**
 * Indexes the Debian security tracker's JSON, `{source: {CVE: {description, releases: {bookworm: {status, fixed_version, urgency, nodsa, nodsa_reason}}}}}`, one source package at a
 * time. Fixed in version "0" (the release never had it) and undetermined say nothing, and are left out. Returns how many vulnerabilities it names, and how many entries
 * are resolved without saying in which version, which match nothing.
 */
export async function indexTracker(
  chunks: AsyncIterable<Uint8Array>,
  index: IndexWriter,
  limits: FeedLimits,
): Promise<{ entries: number; unclear: number }> {
  const sources = new Set<string>();
  let entries = 0;
  let unclear = 0;
  for await (const piece of splitJson(chunks, "members", { limit: limits.record })) {
    const [source, value] = parseMember(piece);
    // Which of the two a reader takes is its own affair: somebody could hide one behind the other.
    if (sources.has(source)) throw malformed("the source package is there twice", source);
    sources.add(source);
    const indexed = indexSource(index, source, asObject(value, source));
    entries += indexed.entries;
    unclear += indexed.unclear;
  }
  if (entries === 0) throw malformed("it names no vulnerability at all");
  return { entries, unclear };
}

function indexSource(
  index: IndexWriter,
  source: string,
  vulnerabilities: Readonly<Record<string, unknown>>,
): { entries: number; unclear: number } {
  const byRelease = new Map<string, TrackerRow[]>();
  const entries = Object.entries(vulnerabilities);
  let unclear = 0;
  for (const [id, value] of entries) {
    const where = `${source}, ${id}`;
    if (!/^[A-Z][A-Z0-9]*-[A-Za-z0-9-]{1,60}$/.test(id)) throw malformed("that is no id of a vulnerability", where);
    const { releases, description } = asObject(value, where);
    const place = index.append(description === undefined ? "" : asText(description, where));
    for (const [release, said] of Object.entries(asObject(releases, `${where}, releases`))) {
      const row = readRow({ id, said, place }, `${where}, ${release}`);
      if (row === "unclear") unclear++;
      if (row === undefined || row === "unclear") continue;
      const rows = byRelease.get(release);
      if (rows) rows.push(row);
      else byRelease.set(release, [row]);
    }
  }
  for (const [release, rows] of byRelease) index.add(`${release}/${source}`, rows);
  return { entries: entries.length, unclear };
}

type Said = { readonly id: string; readonly said: unknown; readonly place: Place };

/** Undefined where it says that the release is not affected, or nothing. */
function readRow({ id, said, place }: Said, where: string): TrackerRow | "unclear" | undefined {
  const entry = asObject(said, where);
  const urgency = optionalText(entry.urgency, where) ?? "";
  const note = optionalText(entry.nodsa, where);
  const reason = optionalText(entry.nodsa_reason, where) ?? "";
  const withoutAdvisory = note === undefined && reason === "" ? "" : stateOf(reason, where);
  switch (entry.status) {
    case "undetermined":
      return undefined;
    case "open":
      return [id, "", urgency, withoutAdvisory, note ?? "", place];
    case "resolved": {
      const fixed = optionalText(entry.fixed_version, `${where}, fixed_version`) ?? "";
      if (fixed === "0") return undefined;
      // Found out now, and not in the middle of a scan.
      if (!isDebianVersion(fixed)) return "unclear";
      return [id, fixed, urgency, withoutAdvisory, note ?? "", place];
    }
    default:
      throw malformed("its status is none of resolved, open, undetermined", where);
  }
}

function stateOf(reason: string, where: string): "no-dsa" | "postponed" | "ignored" {
  if (reason === "") return "no-dsa";
  if (reason === "postponed" || reason === "ignored") return reason;
  throw malformed("its nodsa_reason is none of postponed, ignored", where);
}

function optionalText(value: unknown, where: string): string | undefined {
  return value === undefined || value === null ? undefined : asText(value, where);
}
