import type { CheckResult, Outcome, TestReport } from "./test-result.ts";

/** JUnit's XML as Jenkins and GitLab read it: a suite for each image and kind of check; broken ones are errors, not failures. */
export function junitReport(reports: readonly TestReport[]): string {
  const suites = reports.flatMap((report) =>
    (["test", "lint"] as const)
      .map((kind) => ({ kind, checks: report.checks.filter((check) => check.kind === kind) }))
      .filter(({ checks }) => checks.length > 0)
      .map(({ kind, checks }) => suite(report, kind, checks)),
  );
  const all = reports.flatMap(({ checks }) => checks);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", { name: "ingot test", ...counts(all) }, suites)}`;
}

function suite(report: TestReport, kind: CheckResult["kind"], checks: readonly CheckResult[]): string {
  const image = report.name ?? report.image;
  const attributes = {
    name: `${image} ${kind}s`,
    ...counts(checks),
    skipped: count(checks, "skipped"),
    // ISO 8601 without a zone, as the schema of Ant has it.
    timestamp: report.started.slice(0, 19),
    hostname: "localhost",
  };
  const digest = element("property", { name: "image", value: report.image });
  return element("testsuite", attributes, [
    element("properties", {}, [digest]),
    ...checks.map((check) => testCase(image, check)),
  ]);
}

function counts(checks: readonly CheckResult[]): Record<string, string> {
  return {
    tests: String(checks.length),
    failures: count(checks, "failed"),
    errors: count(checks, "broken"),
    time: seconds(checks.reduce((sum, { duration }) => sum + duration, 0)),
  };
}

function count(checks: readonly CheckResult[], outcome: Outcome): string {
  return String(checks.filter((check) => check.outcome === outcome).length);
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

function testCase(image: string, check: CheckResult): string {
  const { kind, name, duration, message = "", output = "", findings = [] } = check;
  const lines = [output, ...findings.map(({ where, what }) => `${where}: ${what}`)].filter((line) => line !== "");
  const text = lines.join("\n");
  const failures: Partial<Record<Outcome, string>> = { failed: "failure", broken: "error" };
  const tag = failures[check.outcome];
  const children = [
    ...(check.outcome === "skipped" ? [element("skipped", { message })] : []),
    ...(tag === undefined ? [] : [element(tag, { type: kind, message }, [escapeText(text)])]),
    ...(tag === undefined && text !== "" ? [element("system-out", {}, [escapeText(text)])] : []),
  ];
  return element("testcase", { classname: `${image}.${kind}`, name, time: seconds(duration) }, children);
}

function element(tag: string, attributes: Readonly<Record<string, string>>, children: readonly string[] = []): string {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`);
  const content = children.join("");
  return content === "" ? `<${tag}${written.join("")}/>\n` : `<${tag}${written.join("")}>${content}</${tag}>\n`;
}

/** A parser would make spaces of newlines and tabs in an attribute (XML 1.0, section 3.3.3). */
function escapeAttribute(text: string): string {
  const references: Readonly<Record<string, string>> = { '"': "&quot;", "\n": "&#10;", "\t": "&#9;" };
  return escapeText(text).replaceAll(/["\n\t]/g, (character) => references[character] ?? character);
}

/** Characters that no XML 1.0 document may hold, not even as a reference (section 2.2), become `\x1b`: a program's output may have any of them. */
function escapeText(text: string): string {
  const references: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;" };
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, toEscape)
      .replaceAll(/[&<>\r]/g, (character) => references[character] ?? character)
  );
}

function toEscape(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
}
