import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { IngotError, isErrno } from "../../ground/error.ts";
import type { VexMistake } from "./check-statement.ts";
import { readVexDocument } from "./read-document.ts";
import type { VexStatement } from "./statement.ts";

/** Larger than any list that people write; a hostile one must not fill memory. */
const largest = 8 * 1024 * 1024;

/**
 * Reads OpenVEX documents. Throws `vex-invalid` with every mistake of every file as `file:line:column: statements[0].expires: expected …`: an exception that
 * is half understood must not hide a finding.
 */
export async function loadVexFiles(
  paths: readonly string[],
  { cwd }: { readonly cwd: string },
): Promise<readonly VexStatement[]> {
  const shown = paths.map((path) => showPath(path, cwd));
  const read = await Promise.all(paths.map((path, at) => loadFile(path, shown[at] ?? path)));
  const details = read.flatMap(({ details: lines }) => lines);
  if (details.length === 0) return read.flatMap(({ statements }) => statements);
  const wrong = read.flatMap((one, at) => (one.details.length > 0 ? [shown[at] ?? ""] : []));
  throw new IngotError("vex-invalid", `${wrong.join(", ")} cannot be used: ${countMistakes(details.length)}`, {
    details,
    hint: "every exception needs an owner, a reason and an expiry; docs/scanning.md shows one",
  });
}

/** The documents of a project: `vex/*.json` beside its ingot.yaml, by name. */
export function findVexFiles(projectFolder: string): readonly string[] {
  const folder = join(projectFolder, "vex");
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(".json") && !name.startsWith("."));
    return names.toSorted().map((name) => join(folder, name));
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return [];
    throw error;
  }
}

type Loaded = { readonly statements: readonly VexStatement[]; readonly details: readonly string[] };

/** From where the person stands: reports and statements are read on other machines too. */
function showPath(path: string, cwd: string): string {
  const way = relative(cwd, path);
  return way.startsWith("..") ? path : way;
}

/** `name`: what messages and exceptions call it. */
async function loadFile(path: string, name: string): Promise<Loaded> {
  const text = readText(path);
  const content = parseText(text, name);
  if (content instanceof IngotError) return { statements: [], details: content.details };
  const read = readVexDocument(content, { document: name, isAttached: false });
  if ("statements" in read) return { statements: read.statements, details: [] };
  return { statements: [], details: await placeMistakes(read.mistakes, text, name) };
}

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size <= largest) return readFileSync(path, "utf8");
    throw new IngotError("vex-invalid", `${path} is ${size} bytes, more than ${largest}`, {
      hint: "split the document into several",
    });
  } catch (error) {
    if (!isErrno(error, "ENOENT") && !isErrno(error, "EISDIR")) throw error;
    throw new IngotError("vex-invalid", `there is no file ${path}`, {
      cause: error,
      hint: "`ingot scan IMAGE --vex-out FILE --author NAME` starts one",
    });
  }
}

/** What is no JSON is a mistake like any other: all files are told of at once. */
function parseText(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "";
    return new IngotError("vex-invalid", `${path} is not JSON`, { cause, details: [`${path}: expected JSON: ${why}`] });
  }
}

/** `yaml` reads JSON too, and knows where each value stands; it is loaded only for a document that is refused. */
async function placeMistakes(mistakes: readonly VexMistake[], text: string, path: string): Promise<readonly string[]> {
  const { isNode, LineCounter, parseDocument } = await import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, schema: "json", version: "1.2", logLevel: "silent" });
  return mistakes.slice(0, 100).map(({ path: keys, message }) => {
    const where = findNearest(keys, (way) => {
      const node: unknown = document.getIn(way, true);
      return isNode(node) ? node.range?.[0] : undefined;
    });
    const { line, col } = lines.linePos(where);
    return `${path}:${line}:${col}: ${formatKeys(keys)}: ${message}`;
  });
}

/** What is missing has no place: then that of what it is missing in. */
function findNearest(
  keys: readonly (string | number)[],
  place: (way: readonly (string | number)[]) => number | undefined,
): number {
  for (let length = keys.length; length >= 0; length--) {
    const found = place(keys.slice(0, length));
    if (found !== undefined) return found;
  }
  return 0;
}

/** `statements[0].vulnerability.name`. */
export function formatKeys(keys: readonly (string | number)[]): string {
  const text = keys.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("");
  return text.replace(/^\./, "") || "the document";
}

function countMistakes(count: number): string {
  return count === 1 ? "1 mistake" : `${count} mistakes`;
}
