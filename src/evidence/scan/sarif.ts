import { hash } from "node:crypto";
import { packagePurl } from "../vex/write-document.ts";
import { severities, type Finding, type ScanResult, type Severity } from "./finding.ts";
import { isSuppressed } from "./suppressed.ts";

/** SARIF 2.1.0 (OASIS), for code hosts that show findings beside the source: one rule a vulnerability, one result a vulnerability and package. */
export function makeSarif(result: ScanResult, { version }: { readonly version: string }): object {
  const rules = [...Map.groupBy(result.findings, ({ id }) => id)].map(([id, findings]) => makeRule(id, findings));
  const places = new Map(rules.map(({ id }, at) => [id, at]));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "Ingot", version, informationUri: "https://ingot.dev", rules } },
        automationDetails: { id: `ingot scan/${result.name ?? result.image}/` },
        invocations: [
          {
            executionSuccessful: true,
            endTimeUtc: result.scanned,
            toolExecutionNotifications: result.notes.map((text) => ({
              level: "note",
              message: { text: oneLine(text) },
            })),
          },
        ],
        results: result.findings.map((finding) => makeResult(finding, places.get(finding.id) ?? 0, result)),
        properties: { image: result.image, sources: result.sources },
      },
    ],
  };
}

/** Scores that fall into the words of CVSS, which is all that readers make of them. Nothing for `unknown`: 0 would read as harmless. */
const scores: Readonly<Record<Severity, string | undefined>> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.5",
  low: "2.0",
  negligible: "0.5",
  unknown: undefined,
};

const levels: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
  negligible: "note",
  unknown: "warning",
};

function makeRule(id: string, findings: readonly Finding[]) {
  const rated = findings.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  const severity = rated[0]?.severity ?? "unknown";
  const title = findings.find((finding) => finding.title !== undefined)?.title;
  const score = scores[severity];
  const text = oneLine(title ?? `${id} in ${[...new Set(findings.map((finding) => finding.package.name))].join(", ")}`);
  return {
    id,
    name: "VulnerablePackage",
    shortDescription: { text },
    fullDescription: { text },
    help: { text: findings.map(explain).join("\n") },
    defaultConfiguration: { level: levels[severity] },
    properties: {
      ...(score === undefined ? {} : { "security-severity": score }),
      precision: "very-high",
      tags: ["security", "vulnerability", severity],
    },
  };
}

function explain({ package: found, state, fixedVersion, evidence }: Finding): string {
  const fix = fixedVersion === undefined ? state : `${state} in ${fixedVersion}`;
  const lines = evidence.map(({ source, text }) => `  ${source}: ${oneLine(text)}`);
  return [`${found.name} ${found.version}: ${fix}`, ...lines].join("\n");
}

function makeResult(finding: Finding, ruleIndex: number, result: ScanResult): object {
  const { id, package: found, severity, exception, state, fixedVersion } = finding;
  const fix = fixedVersion === undefined ? `no fix (${state})` : `fixed in ${fixedVersion}`;
  return {
    ruleId: id,
    ruleIndex,
    level: levels[severity],
    message: {
      text: oneLine(`${found.name} ${found.version} has ${id}: ${fix}. Installed: ${found.binaries.join(", ")}`),
    },
    locations: [makeLocation(finding, result)],
    // The same finding in a later scan, also after an update that does not fix it, is not a new one.
    partialFingerprints: {
      "ingotFinding/v1": hash("sha256", `${id}\n${found.ecosystem}\n${found.name}\n${result.name ?? ""}`, "hex"),
    },
    ...(isSuppressed(finding) && exception !== undefined
      ? { suppressions: [{ kind: "external", status: "accepted", justification: justify(exception) }] }
      : {}),
    properties: {
      severity,
      state,
      ...(finding.fixedSince === undefined ? {} : { fixedSince: finding.fixedSince }),
      ...(finding.knownExploited === undefined ? {} : { knownExploited: finding.knownExploited }),
      ...(finding.epss === undefined ? {} : { epss: finding.epss }),
    },
  };
}

function justify({ status, reason, owner, expires, document }: NonNullable<Finding["exception"]>): string {
  return oneLine(`${status}: ${reason} (${owner}, until ${expires ?? "no date"}; ${document})`);
}

function makeLocation({ package: found }: Finding, { image, name }: ScanResult): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: asUri(name ?? image) },
      // Readers refuse a result without a line; an image has none.
      region: { startLine: 1 },
    },
    logicalLocations: [
      { name: found.name, fullyQualifiedName: packagePurl(found), kind: "package" },
      { name: name ?? image, fullyQualifiedName: image, kind: "image" },
    ],
  };
}

/** A relative reference: the colon of a port or digest would be taken for a scheme. */
function asUri(name: string): string {
  return name.split("/").map(encodeURIComponent).join("/");
}

/** Other people's text. `[words](place)` in a message is a link (SARIF 3.11.6), whose words may say anything. */
function oneLine(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/\p{Cc}|\p{Cf}/gu, "\ufffd")
    .replaceAll("](", "] (")
    .trim();
}
