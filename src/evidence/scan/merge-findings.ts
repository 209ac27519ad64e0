import { compareVersions } from "../../debian/resolve/version.ts";
import { IngotError } from "../../ground/error.ts";
import { joinAliases, namesOf } from "./finding-ids.ts";
import type { Finding, FindingEvidence, FindingState, ScanSource } from "./finding.ts";

/** What one source says. */
export type SourceFindings = { readonly source: ScanSource; readonly findings: readonly Finding[] };

/**
 * Whose rating and title win, first to last: Debian's tracker rates a package as Debian builds it; OSV gives the score of the vulnerability itself; the security
 * suite's changelogs rate nothing. A source that says `unknown` leaves the word to the next.
 */
const severityOrder: readonly ScanSource["kind"][] = ["debian-tracker", "osv", "security-suite", "kev", "epss"];

/** Which state wins: a version with the fix before all, then what says most about what Debian will do. */
const stateOrder: readonly FindingState[] = ["fixed", "end-of-life", "ignored", "no-dsa", "postponed", "open"];

/** One finding for each vulnerability and package, with the evidence of every source that has it. */
export function mergeFindings(all: readonly SourceFindings[]): readonly Finding[] {
  const kinds = new Map(all.map(({ source }) => [source.name, source.kind]));
  const given = all
    .toSorted((a, b) => rankOf(a.source.kind) - rankOf(b.source.kind))
    .flatMap(({ source, findings }) => findings.map((finding) => withEvidence(finding, source)));
  const byPackage = Map.groupBy(given, packageKey);
  return [...byPackage.values()].flatMap((ofPackage) => {
    const byId = Map.groupBy(joinAliases(ofPackage), ({ id }) => id);
    return [...byId.values()].map((same) => merge(same, kinds));
  });
}

function rankOf(kind: ScanSource["kind"] | undefined): number {
  return kind === undefined ? severityOrder.length : severityOrder.indexOf(kind);
}

function packageKey({ package: { ecosystem, name, version } }: Finding): string {
  return `${ecosystem} ${name} ${version}`;
}

/** A finding that rests on nothing would be a rumour. */
function withEvidence(finding: Finding, source: ScanSource): Finding {
  if (finding.evidence.length > 0) return finding;
  return { ...finding, evidence: [{ source: source.name, text: `${source.name} lists ${finding.id}` }] };
}

/** `same`: in the order of whose word counts more. */
function merge(same: readonly Finding[], kinds: ReadonlyMap<string, ScanSource["kind"]>): Finding {
  const [first, ...others] = same;
  if (first === undefined) throw new IngotError("internal-error", "a finding was lost while findings were merged");
  if (others.length === 0) return first;
  const byState = same.toSorted((a, b) => stateOrder.indexOf(a.state) - stateOrder.indexOf(b.state));
  const state = byState[0]?.state ?? first.state;
  const fixed = same.filter((finding) => finding.state === "fixed");
  const fixedVersion = earliestVersion(fixed.flatMap((finding) => finding.fixedVersion ?? []));
  const fixedSince = fixed.flatMap((finding) => finding.fixedSince ?? []).toSorted()[0];
  const title = same.find((finding) => finding.title !== undefined && finding.title !== "")?.title;
  const aliases = same.flatMap(namesOf).filter((name) => name !== first.id);
  return {
    id: first.id,
    aliases: [...new Set(aliases)].toSorted(),
    package: { ...first.package, binaries: [...new Set(same.flatMap((one) => one.package.binaries))].toSorted() },
    state,
    ...(fixedVersion === undefined ? {} : { fixedVersion }),
    ...(fixedSince === undefined ? {} : { fixedSince }),
    severity: same.find((finding) => finding.severity !== "unknown")?.severity ?? "unknown",
    ...(title === undefined ? {} : { title }),
    evidence: mergeEvidence(same, kinds),
  };
}

function mergeEvidence(
  same: readonly Finding[],
  kinds: ReadonlyMap<string, ScanSource["kind"]>,
): readonly FindingEvidence[] {
  const all = new Map(same.flatMap((one) => one.evidence).map((item) => [`${item.source}\n${item.text}`, item]));
  return [...all.values()].toSorted((a, b) => rankOf(kinds.get(a.source)) - rankOf(kinds.get(b.source)));
}

/** The first version with the fix. A version that dpkg would not read cannot be compared and loses to one that can. */
function earliestVersion(versions: readonly string[]): string | undefined {
  return versions.reduce<string | undefined>((best, version) => {
    if (best === undefined) return version;
    const order = tryCompare(version, best);
    return order !== undefined && order < 0 ? version : best;
  }, undefined);
}

function tryCompare(a: string, b: string): number | undefined {
  try {
    return compareVersions(a, b);
  } catch (error) {
    // A language's version need not be one of Debian; then the source that counts more keeps the word.
    if (error instanceof IngotError && error.code === "version-malformed") return undefined;
    throw error;
  }
}
