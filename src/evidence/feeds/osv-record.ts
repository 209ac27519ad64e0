import { isCve } from "../scan/finding-ids.ts";
import type { Severity } from "../scan/finding.ts";
import { scoreOf, severityOfScore } from "./cvss.ts";
import { malformed } from "./feed-error.ts";
import { ecosystemOf, packageKey, type Ecosystem } from "./osv-order.ts";
import { isWithin, toStretches, type AffectedStretch, type RangeEvent } from "./osv-range.ts";
import { asList, asObject, asText } from "./read-piece.ts";
import { severityOfUrgency } from "./tracker-advisories.ts";

/** What the index keeps of one record for one package. */
export type OsvRow = {
  /** One finding each: an advisory of Debian names several CVEs. */
  readonly ids: readonly string[];
  readonly aliases: readonly string[];
  /** The record's own id. */
  readonly record: string;
  readonly title: string;
  readonly severity: Severity;
  readonly isEndOfLife?: true;
  /** ISO 8601, of an advisory that came with its fix. */
  readonly fixedSince?: string;
  readonly stretches: readonly AffectedStretch[];
  /** Affected ones that no stretch covers. */
  readonly versions: readonly string[];
};

export type OsvRecord = {
  readonly modified: string;
  /** By the index's key. */
  readonly rows: readonly (readonly [key: string, row: OsvRow])[];
  /** Ranges whose versions have no order. */
  readonly unclear: number;
};

/** Reads a record of the OSV schema (1.x); a withdrawn one says nothing. Throws `feed-malformed`. */
export function readOsvRecord(value: unknown, where: string): OsvRecord {
  const record = asObject(value, where);
  const id = asText(record.id, `${where}, id`);
  const modified = asText(record.modified, `${id}, modified`);
  if (id === "" || id.length > 200 || Number.isNaN(Date.parse(modified))) throw malformed("it is no OSV record", where);
  // Null is how some writers say that a field is not there.
  if (record.withdrawn !== undefined && record.withdrawn !== null) return { modified, rows: [], unclear: 0 };
  const said = { ...namesOf(record, id), record: id, title: titleOf(record, id), fixedSince: fixedSinceOf(record, id) };
  let unclear = 0;
  const rows: [string, OsvRow][] = [];
  for (const [number, item] of listOr(record.affected, id).entries()) {
    const place = `${id}, affected ${number + 1}`;
    const affected = asObject(item, place);
    if (affected.package === undefined) continue;
    const { ecosystem: ecosystemName, name } = asObject(affected.package, place);
    const ecosystem = ecosystemOf(asText(ecosystemName, place));
    if (ecosystem === undefined) continue;
    const read = readRanges(ecosystem, affected, place);
    unclear += read.unclear;
    const { fixedSince, ...rest } = said;
    const urgency = urgencyOf(affected, record);
    rows.push([
      packageKey(ecosystem, asText(name, place)),
      {
        ...rest,
        severity: severityOf(record, affected, urgency),
        ...(urgency === "end-of-life" ? { isEndOfLife: true } : {}),
        ...(fixedSince === undefined ? {} : { fixedSince }),
        stretches: read.stretches,
        versions: read.versions,
      },
    ]);
  }
  return { modified, rows, unclear };
}

type Fields = Readonly<Record<string, unknown>>;

/** Findings are named by CVE where there is one. Debian's records have them as `upstream` (earlier as `related`), others as aliases. */
function namesOf(record: Fields, id: string): { ids: readonly string[]; aliases: readonly string[] } {
  const aliases = texts(record.aliases, id);
  if (isCve(id)) return { ids: [id], aliases };
  if (/^(DEBIAN-CVE|DSA|DLA|ELA)-/.test(id)) {
    const upstream = texts(record.upstream, id);
    const named = [...new Set([...aliases, ...upstream, ...(upstream.length === 0 ? texts(record.related, id) : [])])];
    const ids = named.filter(isCve);
    return ids.length === 0 ? { ids: [id], aliases } : { ids, aliases: [id] };
  }
  const first = aliases.filter(isCve).toSorted()[0];
  if (first === undefined) return { ids: [id], aliases };
  return { ids: [first], aliases: [id, ...aliases.filter((alias) => alias !== first)] };
}

function titleOf(record: Fields, id: string): string {
  const text = record.summary ?? record.details;
  return text === undefined ? "" : (asText(text, `${id}, summary`).trim().split("\n", 1)[0] ?? "").slice(0, 300);
}

/** An advisory of Debian is published with its fix; other records are published when they are written. */
function fixedSinceOf(record: Fields, id: string): string | undefined {
  if (!/^(DSA|DLA)-/.test(id) || record.published === undefined) return undefined;
  return asText(record.published, `${id}, published`);
}

function readRanges(
  ecosystem: Ecosystem,
  affected: Fields,
  place: string,
): { stretches: readonly AffectedStretch[]; versions: readonly string[]; unclear: number } {
  const stretches: AffectedStretch[] = [];
  let unclear = 0;
  for (const item of listOr(affected.ranges, place)) {
    const range = asObject(item, `${place}, ranges`);
    // Ranges of Git commits say nothing of versions.
    if (range.type !== "SEMVER" && range.type !== "ECOSYSTEM") continue;
    const read = toStretches(
      ecosystem,
      asList(range.events, `${place}, events`).map((event) => readEvent(event, place)),
    );
    if (read === undefined) unclear++;
    else stretches.push(...read);
  }
  const isListed = (version: string) => !stretches.some((stretch) => isWithin(ecosystem, version, stretch));
  // Debian's lists only spell out the ranges, at ten times the size of everything else.
  const isSpeltOut = ecosystem.startsWith("debian:") && stretches.length > 0;
  return { stretches, versions: isSpeltOut ? [] : texts(affected.versions, place).filter(isListed), unclear };
}

function readEvent(value: unknown, place: string): RangeEvent {
  const where = `${place}, events`;
  const [[what, version] = ["", ""], ...others] = Object.entries(asObject(value, where));
  const name = eventNames.get(what);
  if (name === undefined || others.length > 0) throw malformed("it is no event of a range", where);
  return [name, asText(version, where)];
}

// A map, not an object: a stranger's word may be "constructor".
const eventNames: ReadonlyMap<string, RangeEvent[0]> = new Map([
  ["introduced", "introduced"],
  ["fixed", "fixed"],
  ["last_affected", "last"],
  ["limit", "limit"],
]);

function urgencyOf(affected: Fields, record: Fields): string {
  for (const holder of [affected.ecosystem_specific, affected.database_specific, record.database_specific]) {
    const urgency = fieldOf(holder, "urgency");
    if (urgency !== undefined) return urgency;
  }
  return "";
}

/** The worst score of its vectors; else its database's word; else Debian's urgency. */
function severityOf(record: Fields, affected: Fields, urgency: string): Severity {
  // What malicious-package records describe is the attack itself.
  if (String(record.id).startsWith("MAL-")) return "critical";
  if (urgency === "unimportant") return "negligible";
  const scores = [record.severity, affected.severity].flatMap((list) =>
    (Array.isArray(list) ? (list as unknown[]) : []).flatMap((item) => scoreOf(fieldOf(item, "score") ?? "") ?? []),
  );
  if (scores.length > 0) return severityOfScore(Math.max(...scores));
  const word = (fieldOf(record.database_specific, "severity") ?? "").toLowerCase();
  return words.get(word) ?? severityOfUrgency(urgency);
}

const words: ReadonlyMap<string, Severity> = new Map([
  ["critical", "critical"],
  ["high", "high"],
  ["moderate", "medium"],
  ["medium", "medium"],
  ["low", "low"],
]);

function fieldOf(value: unknown, name: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const field = (value as Record<string, unknown>)[name];
  return typeof field === "string" ? field : undefined;
}

function listOr(value: unknown, where: string): readonly unknown[] {
  return value === undefined || value === null ? [] : asList(value, where);
}

function texts(value: unknown, where: string): readonly string[] {
  return listOr(value, where).map((item) => asText(item, where));
}
