import { isUtf8 } from "node:buffer";
import { readDocument, type DefinitionDocument } from "./document.ts";
import { samePath, type Finding, type Mistake } from "./finding.ts";
import { checkMeaning } from "./meaning/meaning.ts";
import type { WrittenProject } from "./schema.ts";
import { checkShape } from "./shape.ts";
import { checkSources, type CheckedSources } from "./sources.ts";

/** `written` only where there is no mistake; mistakes are in the order of the text. */
export type CheckedDefinition = { readonly written?: WrittenProject; readonly mistakes: readonly Mistake[] };

/** A hundred times the largest sensible definition; parsing more would only be a way to keep Ingot busy. */
const mostBytes = 1024 * 1024;

/** All checks of one text: YAML, shape, meaning, files. Never throws for any content. */
export function checkDefinition(
  bytes: Buffer,
  folder: string,
  options: { readonly sources?: CheckedSources } = {},
): CheckedDefinition {
  if (bytes.length > mostBytes)
    return { mistakes: [{ line: 1, column: 1, text: `expected at most 1 MiB, got ${bytes.length} bytes` }] };
  if (!isUtf8(bytes)) return { mistakes: [{ ...firstBadLine(bytes), text: "expected UTF-8, got other bytes" }] };
  const document = readDocument(bytes.toString("utf8"));
  if (document.isBroken) return { mistakes: sortMistakes(document.mistakes) };

  const shape = checkShape(document.data);
  const specific = [...checkMeaning(document.data), ...checkSources(document.data, folder, options.sources)];
  // What the meaning says about a value is more exact than what the schema says about the same value.
  const general = shape.findings.filter((one) => !specific.some((other) => samePath(one.path, other.path)));
  const mistakes = [...document.mistakes, ...[...general, ...specific].map((finding) => place(finding, document))];
  if (mistakes.length === 0 && shape.written !== undefined) return { written: shape.written, mistakes: [] };
  return { mistakes: sortMistakes(mistakes) };
}

function place(finding: Finding, document: DefinitionDocument): Mistake {
  const got = finding.got ?? document.describe(finding.path);
  return {
    ...document.placeOf(finding.path, finding.on),
    text: `expected ${finding.expected}, got ${got}${ask(finding)}`,
  };
}

function ask({ meant }: Finding): string {
  if (meant === undefined) return "";
  return `; did you mean ${typeof meant === "string" ? `"${meant}"` : meant.plain}?`;
}

function sortMistakes(mistakes: readonly Mistake[]): Mistake[] {
  const sorted = mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return sorted.filter((one, index) => {
    const before = sorted[index - 1];
    return before === undefined || before.text !== one.text || before.line !== one.line || before.column !== one.column;
  });
}

function firstBadLine(bytes: Buffer): { line: number; column: number } {
  let start = 0;
  for (let line = 1; ; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    if (newline < 0 || !isUtf8(bytes.subarray(start, end))) return { line, column: 1 };
    start = end + 1;
  }
}
