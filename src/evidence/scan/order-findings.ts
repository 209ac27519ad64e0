import { severities, type Finding } from "./finding.ts";
import { isSuppressed } from "./suppressed.ts";

/** Worst first: what counts before what is suppressed, then known exploited, severity, whether there is a fix, probability of exploitation, id, package. */
export function orderFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => {
    for (const rank of ranks) {
      const difference = rank(a) - rank(b);
      if (difference !== 0) return difference;
    }
    return (
      compareText(a.id, b.id) || compareText(a.package.name, b.package.name) || compareText(versionOf(a), versionOf(b))
    );
  });
}

/** Smaller is worse. */
const ranks: readonly ((finding: Finding) => number)[] = [
  (finding) => (isSuppressed(finding) ? 1 : 0),
  (finding) => (finding.knownExploited === undefined ? 1 : 0),
  (finding) => severities.indexOf(finding.severity),
  (finding) => (finding.state === "fixed" ? 0 : 1),
  (finding) => -(finding.epss?.score ?? 0),
];

function versionOf(finding: Finding): string {
  return finding.package.version;
}

/** By numbers where both have them: CVE-2024-999 before CVE-2024-1000. */
function compareText(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : Number(a > b));
}

const collator = new Intl.Collator("en", { numeric: true });
