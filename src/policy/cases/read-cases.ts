import { isMap, isNode, LineCounter, parseDocument, type Document } from "yaml";
import type * as z from "zod";
import { IngotError } from "../../ground/error.ts";
import { printable } from "../explain/printable.ts";
import { formatFinding, orderFindings, type PolicyFinding } from "../finding.ts";
import { caseFileSchema, type WrittenCase, type WrittenCases } from "./case-schema.ts";

/** The cases of one file, checked. */
export type CaseFile = {
  /** For messages. */
  readonly name: string;
  readonly given: WrittenCases["given"];
  readonly cases: readonly (WrittenCase & { readonly line: number })[];
};

const longest = 1_000_000;

/** Reads `*.cases.yaml`. Throws `policy-cases-invalid` with every mistake as `file:line:column: expected …` in `details`. */
export function readCases(name: string, text: string): CaseFile {
  if (text.length > longest) throw invalid(name, [`${name} has ${text.length} characters; ${longest} are the most`]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const findingAt = (offset: number, message: string): PolicyFinding => {
    const { line, col } = lines.linePos(offset);
    return { severity: "error", file: name, line: Math.max(1, line), column: Math.max(1, col), message };
  };
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0)
    throw invalidAt(
      name,
      broken.map(({ pos, message }) => findingAt(pos[0], sayBroken(message))),
    );
  const parsed = caseFileSchema.safeParse(toData(name, document));
  if (!parsed.success) {
    const mistakes = parsed.error.issues.flatMap(explain);
    throw invalidAt(
      name,
      mistakes.map(({ path, expected }) => findingAt(offsetOf(document, path), expected)),
    );
  }
  const { given, cases } = parsed.data;
  const lineOf = (index: number): number => findingAt(offsetOf(document, ["cases", index]), "").line;
  return { name, given, cases: cases.map((one, index) => ({ ...one, line: lineOf(index) })) };
}

function sayBroken(message: string): string {
  return `expected valid YAML: ${printable(message.split("\n")[0] ?? "", 300)}`;
}

type Explained = { readonly path: readonly PropertyKey[]; readonly expected: string };

function explain(issue: z.core.$ZodIssue): readonly Explained[] {
  if (issue.code !== "unrecognized_keys")
    return [{ path: issue.path, expected: `expected ${printable(issue.message, 300)}` }];
  return issue.keys.map((key) => ({
    path: [...issue.path, key],
    expected: `there is no key ${printable(JSON.stringify(key))} here`,
  }));
}

/** Attack: aliases of aliases that stand for billions of values. */
function toData(name: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw invalid(name, [`${name}: its aliases stand for too much, or for themselves`], error);
  }
}

/** Of the node at `path`, or of the nearest around it. For a key that should not be there, of the key. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const pair = isMap(parent) ? parent.items.find(({ key }) => isNode(key) && key.toJSON() === last) : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function invalidAt(name: string, findings: readonly PolicyFinding[]): IngotError {
  return invalid(name, orderFindings(findings, [name]).map(formatFinding));
}

function invalid(name: string, details: readonly string[], cause?: unknown): IngotError {
  const count = details.length === 1 ? "1 mistake" : `${details.length} mistakes`;
  return new IngotError("policy-cases-invalid", `${name} has ${count}`, {
    hint: "docs/policy.md says what a case may have",
    details: details.slice(0, 50),
    ...(cause === undefined ? {} : { cause }),
  });
}
