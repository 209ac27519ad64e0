import { IngotError } from "../../ground/error.ts";
import type { Dependency, Provision, Relation, VersionOperator } from "../package.ts";

/**
 * Parses a `Depends`-like field into its dependencies, each a list of alternatives (Debian Policy 7.1). Odd spacing and folded lines are taken;
 * an empty field is an empty list. `where` names package and field in errors. Throws `relation-malformed` with the text and the position in it.
 */
export function parseDependencies(text: string, where: string): readonly Dependency[] {
  return commaList(text, where).map((part) =>
    part.text.split("|").map(shiftedBy(part.offset)).map(relationParser(text, where)),
  );
}

/** Parses a `Conflicts`-, `Breaks`- or `Replaces`-like field, where alternatives are not allowed. Throws `relation-malformed`. */
export function parseRelations(text: string, where: string): readonly Relation[] {
  return commaList(text, where).map(relationParser(text, where));
}

/** Parses `Provides`: names, with `=` versions only (Debian Policy 7.5). Throws `relation-malformed`. */
export function parseProvides(text: string, where: string): readonly Provision[] {
  return parseRelations(text, where).map(({ name, qualifier, operator, version }) => {
    if (operator !== undefined && operator !== "=")
      throw malformed(text, where, { at: 0, problem: `${name} is provided with ${operator}, only = is allowed` });
    const full = qualifier === undefined ? name : `${name}:${qualifier}`;
    return version === undefined ? { name: full } : { name: full, version };
  });
}

/** Writes a relation as a control file does: `python3:any (>= 3.9)`. */
export function formatRelation(relation: Relation): string {
  const name = relation.qualifier === undefined ? relation.name : `${relation.name}:${relation.qualifier}`;
  return relation.operator === undefined ? name : `${name} (${relation.operator} ${relation.version})`;
}

/** Writes a dependency as a control file does: `a (>= 1) | b`. */
export function formatDependency(dependency: Dependency): string {
  return dependency.map(formatRelation).join(" | ");
}

type Part = { readonly text: string; readonly offset: number };

/** The non-empty parts between commas: a trailing comma is common in the wild and harmless. */
function commaList(text: string, where: string): readonly Part[] {
  const parts = text.split(",").map(shiftedBy(0));
  const inner = parts.findIndex((part, index) => part.text.trim() === "" && index > 0 && index < parts.length - 1);
  if (inner >= 0)
    throw malformed(text, where, { at: parts[inner]?.offset ?? 0, problem: "nothing between two commas" });
  return parts.filter((part) => part.text.trim() !== "");
}

/** For `Array.map` over the pieces of a split by one character: gives each its place in the whole. */
function shiftedBy(start: number): (text: string) => Part {
  let next = start;
  return (text) => {
    const part = { text, offset: next };
    next += text.length + 1;
    return part;
  };
}

const relationForm =
  /^\s*(?<name>[A-Za-z0-9][A-Za-z0-9.+_-]*)(?::(?<qualifier>[a-z0-9-]+))?\s*(?:\(\s*(?<operator><<|<=|=|>=|>>|<|>)\s*(?<version>[^\s()]+)\s*\))?\s*$/;

/** `<` and `>` are what very old packages wrote for `<=` and `>=` (Debian Policy 7.1). */
const operators: Readonly<Record<string, VersionOperator>> = {
  "<<": "<<",
  "<=": "<=",
  "<": "<=",
  "=": "=",
  ">=": ">=",
  ">": ">=",
  ">>": ">>",
};

function relationParser(whole: string, where: string): (part: Part) => Relation {
  return (part) => {
    const found = relationForm.exec(part.text)?.groups;
    if (!found?.name) throw malformed(whole, where, { at: part.offset, problem: problemOf(part.text) });
    const operator = found.operator === undefined ? undefined : operators[found.operator];
    return {
      name: found.name,
      ...(found.qualifier !== undefined && { qualifier: found.qualifier }),
      ...(operator !== undefined && found.version !== undefined && { operator, version: found.version }),
    };
  };
}

function problemOf(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "nothing between two separators";
  if (trimmed.includes("(") !== trimmed.includes(")"))
    return `a bracket without its other in ${JSON.stringify(trimmed)}`;
  return `${JSON.stringify(trimmed)} is not "name", "name:arch" or "name (>= version)"`;
}

function malformed(text: string, where: string, found: { at: number; problem: string }): IngotError {
  const context = text.slice(found.at, found.at + 60).trim();
  return new IngotError("relation-malformed", `${where}: ${found.problem} at character ${found.at + 1}`, {
    details: [`near: ${context}`],
  });
}
