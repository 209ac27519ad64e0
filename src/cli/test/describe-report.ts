import type { CheckResult, Outcome, TestReport } from "../../evidence/tests/test-result.ts";
import { formatDuration } from "../format.ts";

const marks: Readonly<Record<Outcome, string>> = { passed: "✔", failed: "✖", skipped: "-", broken: "!" };

/** Lines of output that are shown of a check that failed; `--json` and `--junit` have all that was kept. */
const mostLines = 15;

/** One line a check, what failed with its details, and the totals. */
export function describeReport(report: TestReport): string {
  const lines = report.checks.flatMap(describeCheck);
  return [`${report.name ?? report.image}  ${report.image}`, ...lines, `  ${totals(report.checks)}`].join("\n");
}

function describeCheck(check: CheckResult): readonly string[] {
  const { kind, name, outcome, duration, message, findings = [], output } = check;
  const time = kind === "test" ? `  ${formatDuration(duration)}` : "";
  const line = `  ${marks[outcome]} ${kind === "lint" ? "lint " : ""}${name}${time}`;
  if (outcome === "passed") return message === undefined ? [line] : [line, indent(oneLine(message))];
  if (outcome === "skipped") return [`${line}: ${oneLine(message ?? "skipped")}`];
  const found = findings.map(({ where, what }) => `${where}: ${what}`);
  const reasons = [message ?? "", ...found].filter(Boolean).map(oneLine);
  const shown = output === undefined ? [] : output.trimEnd().split("\n").slice(-mostLines);
  return [line, ...reasons.map(indent), ...shown.map((text) => indent(`| ${text}`))];
}

/** Attack: a file or a process of the image, with a line break in its name, that writes a line of its own such as `✔ lint private-key`. */
function oneLine(text: string): string {
  return text.replaceAll("\n", String.raw`\n`);
}

function indent(text: string): string {
  return `      ${text}`;
}

function totals(checks: readonly CheckResult[]): string {
  const parts = (["test", "lint"] as const).flatMap((kind) => {
    const own = checks.filter((check) => check.kind === kind);
    const counts = (["passed", "failed", "broken", "skipped"] as const)
      .map((outcome) => ({ outcome, count: own.filter((check) => check.outcome === outcome).length }))
      .filter(({ count }) => count > 0)
      .map(({ outcome, count }) => `${count} ${outcome === "broken" ? "not carried out" : outcome}`);
    return own.length === 0 ? [] : [`${kind}s: ${counts.join(", ")}`];
  });
  return parts.length === 0 ? "the definition has no tests" : parts.join("; ");
}
