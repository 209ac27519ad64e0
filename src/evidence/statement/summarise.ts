import type { EvidenceItem, StatementKind } from "../evidence.ts";

/** What a checked statement says, in a few words for a person; empty where its kind says it all. Nothing is decided by this. */
export function summarise({ kind, statement }: Extract<EvidenceItem, { status: "checked" }>): string {
  return kind === "other" ? "" : summaries[kind](new View(statement.predicate));
}

/** A predicate is of the shape that its author gave it: looked at step by step, nothing assumed. */
class View {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }

  at(...path: readonly string[]): View {
    let value = this.value;
    for (const name of path) {
      value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
    }
    return new View(value);
  }

  /** A short text on one line; undefined for everything else. */
  get text(): string | undefined {
    return typeof this.value === "string" ? this.value.slice(0, 100).replaceAll(/\s+/g, " ") : undefined;
  }

  get items(): readonly View[] {
    return Array.isArray(this.value) ? this.value.map((item) => new View(item)) : [];
  }
}

const summaries: Readonly<Record<StatementKind, (predicate: View) => string>> = {
  signature: () => "",
  provenance: (predicate) => {
    const version = predicate.at("runDetails", "builder", "version", "ingot").text;
    const builder = version === undefined ? predicate.at("runDetails", "builder", "id").text : `Ingot ${version}`;
    const inputs = predicate.at("buildDefinition", "resolvedDependencies").items;
    const commit = inputs.map((input) => input.at("digest", "gitCommit").text).find((text) => text !== undefined);
    const from = commit === undefined ? "" : `, commit ${commit.slice(0, 12)}`;
    return `built by ${builder ?? "an unnamed builder"} from ${inputs.length} inputs${from}`;
  },
  cyclonedx: (predicate) =>
    `CycloneDX ${predicate.at("specVersion").text ?? ""}, ${predicate.at("components").items.length} components`,
  spdx: (predicate) =>
    `${predicate.at("spdxVersion").text ?? "SPDX"}, ${predicate.at("packages").items.length} packages`,
  scan: (predicate) => {
    const findings = predicate.at("scanner", "result", "findings").items;
    const suppressed = findings.filter((finding) => finding.at("exception").value !== undefined).length;
    const verdict = predicate.at("scanner", "result", "verdict").value === undefined ? "" : ", with a verdict";
    return `${findings.length} findings, ${suppressed} of them excepted${verdict}`;
  },
  vex: (predicate) =>
    `${predicate.at("statements").items.length} exceptions by ${predicate.at("author").text ?? "nobody"}`,
  tests: (predicate) => {
    const count = (name: string): string => `${predicate.at(name).items.length} ${name.replace("Tests", "")}`;
    return `${predicate.at("result").text ?? "no result"}: ${["passedTests", "failedTests", "warnedTests"].map(count).join(", ")}`;
  },
  rebuild: (predicate) => predicate.at("result").text ?? "no result",
  verdict: (predicate) => predicate.at("verificationResult").text ?? "no result",
  approval: (predicate) =>
    `${predicate.at("decision").text ?? "no decision"} by ${predicate.at("approver").text ?? "nobody"}`,
};
