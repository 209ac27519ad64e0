import type { LintFinding } from "./lint.ts";

/** From `lints:` of a definition: a lint that is off, or off for some paths, with the reason. */
export type LintException = { readonly lint: string; readonly reason: string; readonly paths?: readonly string[] };

export type Judged = {
  readonly findings: readonly LintFinding[];
  readonly excused: number;
  /** Patterns that nothing was found at: what they excused is gone, and so should they be. */
  readonly unused: readonly string[];
};

/** Takes out the findings that exceptions with paths are for. */
export function excuse(findings: readonly LintFinding[], exceptions: readonly LintException[]): Judged {
  const patterns = exceptions.flatMap(({ paths }) => paths ?? []).map((text) => ({ text, regex: toRegex(text) }));
  const left = findings.filter(({ where }) => !patterns.some(({ regex }) => regex.test(where)));
  const unused = patterns.filter(({ regex }) => !findings.some(({ where }) => regex.test(where)));
  return { findings: left, excused: findings.length - left.length, unused: unused.map(({ text }) => text) };
}

/** `*` stands for any part of one name; a pattern that ends in a folder is for what is in it too. */
function toRegex(pattern: string): RegExp {
  const literal = pattern
    .replace(/\/+$/, "")
    .split("*")
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join("[^/]*")}(?:/.*)?$`);
}
