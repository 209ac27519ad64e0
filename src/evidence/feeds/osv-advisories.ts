import type { Advisories, Finding, InstalledSource, ScanSource } from "../scan/finding.ts";
import type { FeedIndex } from "./feed-index.ts";
import { orderOf, packageKey, type Ecosystem } from "./osv-order.ts";
import { isWithin, type AffectedStretch } from "./osv-range.ts";
import type { OsvRow } from "./osv-record.ts";

/** What OSV records say of what is installed; Debian's by source package, source version and release. */
export function osvAdvisories(source: ScanSource, index: FeedIndex): Advisories {
  let notes: readonly string[] = [];
  return {
    source,
    covers: (one) => {
      const ecosystem = ecosystemOfInstalled(one);
      return ecosystem !== undefined && index.hasPrefix(packageKey(ecosystem, ""));
    },
    find: (installed) => {
      const strange = new Set<string>();
      const found = index.read((reader) =>
        installed.flatMap((one) => {
          const ecosystem = ecosystemOfInstalled(one);
          if (ecosystem === undefined) return [];
          const rows = reader.values(packageKey(ecosystem, one.name)) as readonly OsvRow[];
          // Only where there is something to compare with: a version without an order is in no range, and would be passed over.
          if (rows.length > 0 && orderOf(ecosystem, one.version, one.version) === undefined)
            strange.add(`${one.name} was not compared with ranges: ${JSON.stringify(one.version)} has no order`);
          return rows.flatMap((row) => toFindings(row, { installed: one, ecosystem, source }));
        }),
      );
      notes = [...strange];
      return Promise.resolve(found);
    },
    notes: () => notes,
  };
}

function ecosystemOfInstalled({
  ecosystem,
  release,
}: Pick<InstalledSource, "ecosystem" | "release">): Ecosystem | undefined {
  if (ecosystem !== "deb") return ecosystem;
  return release === undefined ? undefined : `debian:${release}`;
}

type Match = { readonly installed: InstalledSource; readonly ecosystem: Ecosystem; readonly source: ScanSource };

function toFindings(row: OsvRow, { installed, ecosystem, source }: Match): readonly Finding[] {
  const { name, version, binaries } = installed;
  const stretch = row.stretches.find((one) => isWithin(ecosystem, version, one));
  if (stretch === undefined && !isListed(row, version, ecosystem)) return [];
  const fixed = stretch?.[1] === "fixed" ? stretch[2] : fixAfter(ecosystem, version, row);
  return row.ids.map((id) => ({
    id,
    aliases: row.aliases,
    package: { ecosystem: installed.ecosystem, name, version, binaries },
    state: stateOf(row, fixed),
    ...(fixed === undefined ? {} : { fixedVersion: fixed }),
    ...(fixed === undefined || row.fixedSince === undefined ? {} : { fixedSince: row.fixedSince }),
    severity: row.severity,
    ...(row.title === "" ? {} : { title: row.title }),
    evidence: [{ source: source.name, text: `${row.record}: affected ${describe(stretch, version)}` }],
  }));
}

/** The same version may be written in several ways: `1.0` and `1.0.0`, `v1.0.0` and `1.0.0`. */
function isListed({ versions }: OsvRow, version: string, ecosystem: Ecosystem): boolean {
  return versions.some((listed) => listed === version || orderOf(ecosystem, listed, version) === 0);
}

function stateOf(row: OsvRow, fixed: string | undefined): Finding["state"] {
  if (fixed !== undefined) return "fixed";
  return row.isEndOfLife ? "end-of-life" : "open";
}

/** For a version that is only listed: the nearest fix that is newer. */
function fixAfter(ecosystem: Ecosystem, version: string, row: OsvRow): string | undefined {
  const fixes = row.stretches.flatMap(([, end, until]) => (end === "fixed" ? [until] : []));
  return fixes
    .filter((fix) => (orderOf(ecosystem, fix, version) ?? 0) > 0)
    .toSorted((a, b) => orderOf(ecosystem, a, b) ?? 0)[0];
}

function describe(stretch: AffectedStretch | undefined, version: string): string {
  if (stretch === undefined) return `version ${version}`;
  const [introduced, end, until] = stretch;
  const from = introduced === "0" ? "from the first version" : `from ${introduced}`;
  switch (end) {
    case "fixed":
      return `${from}, fixed in ${until}`;
    case "last":
      return `${from} to ${until}`;
    case "limit":
      return `${from} to before ${until}`;
    case "":
      return `${from} on, no fix`;
  }
}
