import type { ScanVerdict } from "../../evidence/scan/fail-on.ts";
import type { Finding, ScanResult } from "../../evidence/scan/finding.ts";
import { isSuppressed } from "../../evidence/scan/suppressed.ts";
import { formatTable } from "../format.ts";
import { foldRows, wrapList } from "./fold-rows.ts";
import { adviseOnScan } from "./scan-advice.ts";

export type TableOptions = {
  /** Further notes. */
  readonly more?: readonly string[];
  /** The image as it was called on the command line. */
  readonly asked?: string;
  /** Whether what each finding rests on is shown too. */
  readonly evidence?: boolean;
};

/** A scan for people: worst first, a row for findings that are alike; then what is excepted, what to do, and on what all of it rests. */
export function formatScan(result: ScanResult, verdict: ScanVerdict, options: TableOptions = {}): string {
  const { more = [], evidence = false, asked } = options;
  const counting = result.findings.filter((finding) => !isSuppressed(finding));
  const suppressed = result.findings.filter(isSuppressed);
  return [
    ...formatHead(result),
    "",
    ...(counting.length === 0
      ? [result.gaps.length === 0 ? "no findings" : "no findings, which says nothing: see the notes"]
      : [formatFindings(counting)]),
    ...(suppressed.length === 0 ? [] : ["", "excepted:", formatExcepted(suppressed)]),
    ...(evidence ? section("evidence", result.findings.flatMap(formatEvidence)) : []),
    ...section("what to do", adviseOnScan(result, asked)),
    ...section("notes", [...result.notes, ...more].map(oneLine)),
    "",
    summarise(counting, suppressed),
    ...verdict.reasons.map((reason) => `failed by --fail-on ${oneLine(reason)}`),
  ].join("\n");
}

function formatHead({ image, name, sources, packages }: ScanResult): readonly string[] {
  const counts = Object.entries(packages).filter(([, count]) => count > 0);
  return [
    `image     ${name === undefined ? image : `${name}  ${image}`}`,
    `packages  ${counts.map(([kind, count]) => `${count} ${kind}`).join(", ") || "none"}`,
    `sources   ${sources.map(({ name: source, date }) => `${oneLine(source)} of ${oneLine(date).slice(0, 10)}`).join(", ") || "none"}`,
  ];
}

/** Findings that differ in their ids only are one row, with the ids below it. */
function formatFindings(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => [
    finding.severity,
    ...describeIdentity(finding),
    cell(finding.fixedVersion ?? "-"),
    cell(finding.state),
    marksOf(finding),
    describeSources(finding),
  ]);
  const headings = ["severity", "id", "package", "installed", "fixed", "state", "marks", "source"];
  const folded = foldRows(rows, headings.indexOf("id"));
  const [head = "", ...lines] = formatTable(
    headings,
    folded.map(({ cells }) => cells),
  ).split("\n");
  return [
    head,
    ...lines.flatMap((line, index) => [
      line,
      ...wrapList(folded[index]?.texts ?? [], idsWidth).map((ids) => idsIndent + ids),
    ]),
  ].join("\n");
}

const idsWidth = 100;
/** Below the column of the ids. */
const idsIndent = " ".repeat("severity".length + 4);

function formatExcepted(findings: readonly Finding[]): string {
  return formatTable(
    ["severity", "id", "package", "installed", "status", "until", "owner", "reason", "document"],
    findings.map((finding) => [
      finding.severity,
      ...describeIdentity(finding),
      finding.exception?.status ?? "",
      cell(finding.exception?.expires ?? ""),
      cell(finding.exception?.owner ?? ""),
      cell(finding.exception?.reason ?? ""),
      cell(finding.exception?.document ?? ""),
    ]),
  );
}

function formatEvidence({ id, package: found, evidence }: Finding): readonly string[] {
  return [
    `${oneLine(id)} in ${oneLine(found.name)}`,
    ...evidence.map(({ source, text }) => `  ${oneLine(source)}: ${oneLine(text)}`),
  ];
}

function describeIdentity({ id, package: found }: Finding): readonly string[] {
  const name = found.ecosystem === "deb" ? found.name : `${found.ecosystem} ${found.name}`;
  return [cell(id), cell(name), cell(found.version)];
}

/** KEV: known to be exploited. EPSS: the probability that it will be within 30 days. A statement that suppresses nothing is shown here too. */
function marksOf({ knownExploited, epss, exception }: Finding): string {
  const marks = [
    ...(knownExploited === undefined ? [] : ["KEV"]),
    ...(epss === undefined ? [] : [`EPSS ${(epss.score * 100).toFixed(epss.score < 0.1 ? 1 : 0)}%`]),
    ...(exception === undefined ? [] : [exception.status]),
  ];
  return marks.join(" ") || "-";
}

function describeSources({ evidence }: Finding): string {
  return [...new Set(evidence.map(({ source }) => cell(source)))].join(", ");
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  ${line}`)];
}

function summarise(counting: readonly Finding[], suppressed: readonly Finding[]): string {
  const fixable = counting.filter(({ state }) => state === "fixed").length;
  const count = counting.length === 1 ? "1 finding" : `${counting.length} findings`;
  return `${count}, ${fixable} with a fix, ${suppressed.length} excepted`;
}

/** Feeds and changelogs are other people's text: a newline in them must not become a line of this report. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

const widestCell = 60;

function cell(text: string): string {
  const line = oneLine(text);
  return line.length <= widestCell ? line : `${line.slice(0, widestCell - 1)}…`;
}
