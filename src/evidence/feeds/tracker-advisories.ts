import { compareVersions } from "../../debian/resolve/version.ts";
import type { Advisories, Finding, InstalledSource, ScanSource, Severity } from "../scan/finding.ts";
import { isDebianVersion } from "./debian-version.ts";
import type { FeedIndex, IndexReader } from "./feed-index.ts";
import type { TrackerRow } from "./tracker.ts";

/**
 * What Debian's security tracker says of what is installed. By source package and source version in the release that is installed; a package without a release is not of Debian, and nothing is
 * said of it, as of a release that the tracker does not name: both are not covered.
 */
export function trackerAdvisories(source: ScanSource, index: FeedIndex): Advisories {
  let notes: readonly string[] = [];
  return {
    source,
    covers: ({ ecosystem, release }) => ecosystem === "deb" && release !== undefined && index.hasPrefix(`${release}/`),
    find: (installed) => {
      const strange = installed.filter(({ ecosystem, version }) => ecosystem === "deb" && !isDebianVersion(version));
      notes = strange.map(({ name, version }) => `${name} was not looked at: ${JSON.stringify(version)} is no version`);
      const readable = installed.filter((one) => !strange.includes(one));
      return Promise.resolve(index.read((reader) => readable.flatMap((one) => findOf(reader, source, one))));
    },
    notes: () => notes,
  };
}

function findOf(reader: IndexReader, source: ScanSource, installed: InstalledSource): readonly Finding[] {
  if (installed.ecosystem !== "deb" || installed.release === undefined) return [];
  const rows = reader.values(`${installed.release}/${installed.name}`).flat() as readonly TrackerRow[];
  return rows.flatMap((row) => {
    if (!isAffected(installed.version, row)) return [];
    return [toFinding(row, { installed, source, title: firstLine(reader.text(row[5])) })];
  });
}

function isAffected(version: string, [, fixed]: TrackerRow): boolean {
  return fixed === "" || compareVersions(version, fixed) < 0;
}

type Found = { readonly installed: InstalledSource; readonly source: ScanSource; readonly title: string };

function toFinding(row: TrackerRow, { installed, source, title }: Found): Finding {
  const [id, fixed, urgency] = row;
  const { ecosystem, name, version, binaries } = installed;
  return {
    id,
    aliases: [],
    package: { ecosystem, name, version, binaries },
    state: stateOf(row),
    ...(fixed === "" ? {} : { fixedVersion: fixed }),
    severity: severityOfUrgency(urgency),
    ...(title === "" ? {} : { title }),
    evidence: [{ source: source.name, text: `${installed.release}: ${describe(row)}` }],
  };
}

function stateOf([, fixed, urgency, withoutAdvisory]: TrackerRow): Finding["state"] {
  if (fixed !== "") return "fixed";
  if (urgency === "end-of-life") return "end-of-life";
  return withoutAdvisory === "" ? "open" : withoutAdvisory;
}

/** In the tracker's own words. */
function describe([, fixed, urgency, withoutAdvisory, note]: TrackerRow): string {
  return [
    fixed === "" ? "status open" : `status resolved, fixed_version ${fixed}`,
    ...(urgency === "" ? [] : [`urgency ${urgency}`]),
    ...(withoutAdvisory === "" ? [] : [`${withoutAdvisory}${note === "" ? "" : `: ${note}`}`]),
  ].join("; ");
}

/** Debian's own rating; `**` marks one that was set by a program. */
export function severityOfUrgency(urgency: string): Severity {
  switch (urgency.replace(/\*+$/, "")) {
    case "unimportant":
      return "negligible";
    case "low":
      return "low";
    case "medium":
      return "medium";
    case "high":
      return "high";
    default:
      return "unknown";
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.trim() ?? "";
}
