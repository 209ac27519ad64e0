import { IngotError } from "../../ground/error.ts";
import { nearestWord } from "../../ground/nearest-word.ts";
import { severities, type Finding, type ScanResult, type Severity } from "./finding.ts";
import { hasAdvisories } from "./scan-notes.ts";
import { isSuppressed } from "./suppressed.ts";

/** One `--fail-on`: all of its conditions must hold for a finding. */
export type FailRule = { readonly text: string; readonly conditions: readonly Condition[] };

type Condition =
  /** That severity and worse; `unknown` only itself: nobody can say that it is less than another. */
  | { readonly kind: "severity"; readonly severity: Severity }
  | { readonly kind: "fixable" }
  | { readonly kind: "kev" }
  /** A fix that has been there for at least so many days. */
  | { readonly kind: "fix-age"; readonly days: number };

/** What became of `--fail-on`. */
export type ScanVerdict = {
  readonly failOn: readonly string[];
  readonly failed: boolean;
  /** Why, one line for each gap, and for each rule that a finding meets. */
  readonly reasons: readonly string[];
};

export const failOnWords: readonly string[] = [...severities, "fixable", "kev", "fix-age=DAYS"];

/**
 * Parses `high+fixable`, `kev`, `fix-age=30d`; a comma separates rules as a second option does. Throws `usage`, with the nearest word.
 */
export function parseFailOn(options: readonly string[]): readonly FailRule[] {
  return options
    .flatMap((option) => option.split(","))
    .map((text) => ({
      text: text.trim(),
      conditions: text.split("+").map((word) => parseCondition(word.trim(), text)),
    }));
}

function parseCondition(word: string, rule: string): Condition {
  const severity = severities.find((known) => known === word);
  if (severity !== undefined) return { kind: "severity", severity };
  if (word === "fixable" || word === "kev") return { kind: word };
  const [, days] = /^fix-age=(\d{1,5})d?$/.exec(word) ?? [];
  if (days !== undefined) return { kind: "fix-age", days: Number(days) };
  throw notAWord(word, rule);
}

function notAWord(word: string, rule: string): IngotError {
  const name = word.split("=")[0] ?? "";
  const isAge = name === "fix-age" || nearestWord(name, ["fix-age"]) !== undefined;
  const near = isAge ? "fix-age=30d" : nearestWord(word, [...severities, "fixable", "kev"]);
  const place = rule.trim() === word ? "" : ` (in "${rule.trim()}")`;
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  return new IngotError("usage", `--fail-on does not know "${word}"${place}${meant}`, {
    hint: `words are ${failOnWords.join(", ")}; joined by + all must hold`,
  });
}

/** Judges a scan. Where nothing can be said about packages of the image, what was asked for is not met, whatever was found in the others. */
export function judgeScan(result: ScanResult, rules: readonly FailRule[]): ScanVerdict {
  const failOn = rules.map(({ text }) => text);
  const counting = result.findings.filter((finding) => !isSuppressed(finding));
  const reasons = rules.flatMap((rule) => {
    const met = counting.filter((finding) => meets(finding, rule, new Date(result.scanned)));
    return met.length === 0 ? [] : [`${rule.text}: ${describe(met)}`];
  });
  const gaps = rules.length === 0 ? [] : gapsOf(result).map((gap) => `${failOn.join(", ")}: ${gap}`);
  const all = [...gaps, ...unratedReasons(result, rules), ...reasons];
  return { failOn, failed: all.length > 0, reasons: all };
}

/**
 * The security suite rates nothing. Where it alone was asked, `--fail-on high` could never be met, and a gate that never closes is worse than none: what it found is
 * then a failure.
 */
function unratedReasons(result: ScanResult, rules: readonly FailRule[]): readonly string[] {
  const unrated = findUnrated(result, rules);
  if (unrated === undefined || isRated(result)) return [];
  const { text, count } = unrated;
  return [`${text}: ${count} rated by no source: add a feed that rates (ingot feeds add), or use --fail-on fixable`];
}

/** What no rule could judge though some source rates, as a sentence. */
export function noteUnrated(result: ScanResult, rules: readonly FailRule[]): string | undefined {
  const unrated = findUnrated(result, rules);
  if (unrated === undefined || !isRated(result)) return undefined;
  return `${unrated.count} rated by no source, and no severity of --fail-on includes that: add --fail-on unknown`;
}

function isRated({ sources }: ScanResult): boolean {
  return sources.some(({ kind }) => kind === "debian-tracker" || kind === "osv");
}

/** Findings that nobody rates, where rules ask for a severity by itself; none where they ask for unrated ones too. */
function findUnrated(result: ScanResult, rules: readonly FailRule[]): { text: string; count: string } | undefined {
  const asking = rules.filter(({ conditions }) => conditions.some(({ kind }) => kind === "severity"));
  const isKnown = asking.some(({ conditions }) =>
    conditions.some((one) => one.kind === "severity" && one.severity === "unknown"),
  );
  const unrated = result.findings.filter((finding) => finding.severity === "unknown" && !isSuppressed(finding));
  if (asking.length === 0 || isKnown || unrated.length === 0) return undefined;
  const count = unrated.length === 1 ? "1 finding is" : `${unrated.length} findings are`;
  return { text: asking.map(({ text }) => text).join(", "), count };
}

function gapsOf({ gaps, sources }: ScanResult): readonly string[] {
  if (!hasAdvisories(sources)) return ["no source of advisories was asked, so nothing can be said"];
  return gaps.map((gap) => `nothing can be said: ${gap}`);
}

function meets(finding: Finding, { conditions }: FailRule, now: Date): boolean {
  return conditions.every((condition) => meetsCondition(finding, condition, now));
}

function meetsCondition(finding: Finding, condition: Condition, now: Date): boolean {
  switch (condition.kind) {
    case "severity":
      return isAsBadAs(finding.severity, condition.severity);
    case "fixable":
      return finding.state === "fixed";
    case "kev":
      return finding.knownExploited !== undefined;
    case "fix-age":
      return isFixedFor(finding, condition.days, now);
  }
}

function isAsBadAs(severity: Severity, limit: Severity): boolean {
  if (severity === "unknown" || limit === "unknown") return severity === limit;
  return severities.indexOf(severity) <= severities.indexOf(limit);
}

function isFixedFor({ state, fixedSince }: Finding, days: number, now: Date): boolean {
  if (state !== "fixed" || fixedSince === undefined) return false;
  const since = Date.parse(fixedSince);
  return Number.isFinite(since) && now.getTime() - since >= days * 86_400_000;
}

function describe(met: readonly Finding[]): string {
  const shown = met.slice(0, 3).map((finding) => `${finding.id} in ${finding.package.name}`);
  return `${met.length} ${met.length === 1 ? "finding" : "findings"}: ${shown.join(", ")}${met.length > 3 ? " …" : ""}`;
}
