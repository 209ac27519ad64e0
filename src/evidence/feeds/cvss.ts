import calculator from "ae-cvss-calculator";
import type { Severity } from "../scan/finding.ts";

/** The score (0 to 10) of a CVSS vector of version 3.0, 3.1 or 4.0; undefined for another one, or one that is not whole. */
export function scoreOf(vector: string): number | undefined {
  const version = forms.find(({ prefix }) => vector.startsWith(prefix));
  if (version === undefined || vector.length > 512) return undefined;
  try {
    return version.score(vector);
  } catch {
    // The library throws plain errors at values that do not exist; a vector that cannot be read rates nothing, and the finding stands without.
    return undefined;
  }
}

/** By the specification's "Qualitative Severity Rating Scale". */
export function severityOfScore(score: number): Severity {
  if (score >= 9) return "critical";
  if (score >= 7) return "high";
  if (score >= 4) return "medium";
  return score > 0 ? "low" : "negligible";
}

const forms = [
  { prefix: "CVSS:3.0/", score: (vector: string) => new calculator.Cvss3P0(vector).calculateScores().base },
  { prefix: "CVSS:3.1/", score: (vector: string) => new calculator.Cvss3P1(vector).calculateScores().base },
  {
    prefix: "CVSS:4.0/",
    score: (vector: string) =>
      isWhole4(vector) ? new calculator.Cvss4P0(vector).calculateScores().baseMetricsOnly : undefined,
  },
];

/** The library scores a vector of version 4.0 that lacks mandatory metrics too. */
function isWhole4(vector: string): boolean {
  return ["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"].every((metric) =>
    vector.includes(`/${metric}:`),
  );
}
