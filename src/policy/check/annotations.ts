import { nearestWord } from "../../ground/nearest-word.ts";
import { placeholders } from "../explain/placeholders.ts";
import { findUnknownPlaceholders } from "../explain/fill-sentence.ts";
import { printable } from "../explain/printable.ts";
import type { Rule } from "../engine/compiled.ts";
import type { PolicyFinding } from "../finding.ts";

/** What Ingot reads; a rule may have others for people. */
const known = ["id", "missing", "supply"] as const;

/** Annotations that a forbid lacks, that are probably misspelt, and placeholders that do not exist. */
export function checkAnnotations(rule: Rule): readonly PolicyFinding[] {
  return [...checkNames(rule), ...checkPlaceholders(rule), ...(rule.effect === "forbid" ? findLacking(rule) : [])];
}

function checkNames(rule: Rule): readonly PolicyFinding[] {
  return Object.keys(rule.annotations).flatMap((name) => {
    if (known.some((one) => one === name)) return [];
    const meant = nearestWord(name, known);
    if (meant === undefined) return [];
    return [
      finding(rule, {
        severity: "warning",
        message: `@${name} is no annotation that Ingot reads`,
        next: `did you mean @${meant}?`,
      }),
    ];
  });
}

function checkPlaceholders(rule: Rule): readonly PolicyFinding[] {
  return (["missing", "supply"] as const).flatMap((name) =>
    findUnknownPlaceholders(rule.annotations[name] ?? "").map((written) => {
      const meant = nearestWord(written.slice(1, -1), Object.keys(placeholders));
      const next = meant === undefined ? "docs/policy.md has the table of placeholders" : `did you mean {${meant}}?`;
      return finding(rule, {
        severity: "warning",
        message: `@${name} has ${printable(written)}, which is no placeholder`,
        next,
      });
    }),
  );
}

function findLacking(rule: Rule): readonly PolicyFinding[] {
  const lacking = known.filter((name) => rule.annotations[name] === undefined);
  if (lacking.length === 0) return [];
  const says = lacking.map((name) => purposes[name]).join(", nor ");
  const next = `add ${lacking.map((name) => examples[name]).join(" ")}`;
  return [finding(rule, { severity: "hint", message: `a denial by it cannot say ${says}`, next })];
}

const purposes = { id: "its name", missing: "what is missing", supply: "which command supplies it" } as const;
const examples = {
  id: '@id("short-name")',
  missing: '@missing("one sentence")',
  supply: '@supply("ingot …")',
} as const;

function finding(
  { file, line, column }: Rule,
  said: Pick<PolicyFinding, "severity" | "message" | "next">,
): PolicyFinding {
  return { file, line, column, ...said };
}
