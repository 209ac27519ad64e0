import type * as z from "zod";
import { nearestWord } from "../ground/nearest-word.ts";
import { samePath, type Finding, type Path } from "./finding.ts";
import { meantValue } from "./meant-value.ts";
import { projectSchema, type WrittenProject } from "./schema.ts";
import { keysOf, schemaAt } from "./schema-walk.ts";

type Issue = z.core.$ZodIssue;

export type ShapeResult = { readonly written?: WrittenProject; readonly findings: readonly Finding[] };

/** Checks data against the schema. Every finding is of its own place; nothing stops at the first. */
export function checkShape(data: unknown): ShapeResult {
  const result = projectSchema.safeParse(data);
  if (result.success) return { written: result.data, findings: [] };
  return { findings: withoutEchoes(result.error.issues.flatMap((issue) => explain(issue, data, []))) };
}

/** A misspelt key is also a missing one; saying both would be saying it twice. */
function withoutEchoes(findings: readonly Finding[]): Finding[] {
  return findings.filter((one) => one.missing === undefined || !findings.some((other) => misspells(other, one)));
}

function misspells(other: Finding, { path, missing }: Finding): boolean {
  return other.meant === missing && samePath(other.path.slice(0, -1), path);
}

/** One issue of zod as findings. `base` is where the data that zod saw lies in the whole. */
function explain(issue: Issue, data: unknown, base: Path): Finding[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  const value = valueAt(data, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => explainUnknownKey(path, key, value));
    case "invalid_union":
      return explainUnion(issue, { path, data, value });
    case "invalid_key":
      return explainKey(issue, path, data);
    case "invalid_value":
      return [{ path, on: "value", expected: issue.message, meant: nearestValue(value, issue.values) }];
    default:
      return [isMissing(value, data, path) ? explainMissing(issue, path) : explainValue(issue, path, value)];
  }
}

function explainUnknownKey(path: Path, key: string, holder: unknown): Finding {
  const taken = new Set(isMapping(holder) ? Object.keys(holder) : []);
  const known = keysOf(schemaAt(projectSchema, path));
  const meant =
    nearestWord(
      key,
      known.filter((word) => !taken.has(word)),
    ) ?? nearestWord(key, known);
  const expected = meant === undefined ? `one of the keys ${known.join(", ")}` : "a known key";
  return { path: [...path, key], on: "key", expected, got: JSON.stringify(key), meant };
}

/** A mapping that fits no member was meant as the member that is a mapping: its own issues say more than "neither fits". */
function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  { path, data, value }: { path: Path; data: unknown; value: unknown },
): Finding[] {
  const branch = isMapping(value)
    ? issue.errors.find((issues) => !issues.some((one) => one.path.length === 0 && one.code === "invalid_type"))
    : undefined;
  if (branch !== undefined) return branch.flatMap((one) => explain(one, data, path));
  if (isMissing(value, data, path)) return [explainMissing(issue, path)];
  return [{ path, on: "value", expected: issue.message, meant: meantValue(issue.message, value) }];
}

/** Zod leaves out the value of a key that it refuses: it is checked here, so that its mistakes are reported in the same run. */
function explainKey(issue: z.core.$ZodIssueInvalidKey, path: Path, data: unknown): Finding[] {
  const expected = issue.issues[0]?.message ?? "another key";
  const finding: Finding = { path, on: "key", expected, got: JSON.stringify(path.at(-1)) };
  const inner = schemaAt(projectSchema, path)?.safeParse(valueAt(data, path));
  const more = inner?.error?.issues.flatMap((one) => explain(one, data, path)) ?? [];
  return [finding, ...more];
}

function explainMissing(issue: Issue, path: Path): Finding {
  const key = String(path.at(-1));
  const expected = `the key "${key}" (${issue.message})`;
  return { path: path.slice(0, -1), on: "key", expected, got: "no such key", missing: key };
}

function explainValue(issue: Issue, path: Path, value: unknown): Finding {
  return { path, on: "value", expected: issue.message, meant: meantValue(issue.message, value) };
}

function nearestValue(value: unknown, values: readonly unknown[]): string | undefined {
  return typeof value === "string" ? nearestWord(value, values.map(String)) : undefined;
}

function isMissing(value: unknown, data: unknown, path: Path): boolean {
  const holder = valueAt(data, path.slice(0, -1));
  return value === undefined && path.length > 0 && isMapping(holder) && !Object.hasOwn(holder, String(path.at(-1)));
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
