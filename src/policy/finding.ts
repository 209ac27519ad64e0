import { compare } from "../ground/compare.ts";

/** Something about a policy text. An `error` keeps it from being put in force; a `warning` is most likely a mistake; a `hint` makes denials easier to act on. */
export type PolicyFinding = {
  readonly severity: "error" | "warning" | "hint";
  readonly file: string;
  /** From 1; columns count characters. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What to do about it. */
  readonly next?: string;
};

/** `policy/production.cedar:12:3: unexpected token …; expected …`. */
export function formatFinding({ file, line, column, message, next }: PolicyFinding): string {
  return `${file}:${line}:${column}: ${message}${next === undefined ? "" : `; ${next}`}`;
}

/** In the order of files, then of places. */
export function orderFindings(findings: readonly PolicyFinding[], files: readonly string[]): readonly PolicyFinding[] {
  const rank = (file: string): number => files.indexOf(file);
  return findings.toSorted(
    (a, b) => compare(rank(a.file), rank(b.file)) || compare(a.line, b.line) || compare(a.column, b.column),
  );
}
