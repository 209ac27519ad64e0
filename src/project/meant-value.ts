import { nearestWord } from "../ground/nearest-word.ts";
import type { Finding } from "./finding.ts";

/** What a person meant by the usual slips of YAML: yes for true, a number in quotes, a duration without its unit, a size of `16MB`. */
export function meantValue(expected: string, value: unknown): Finding["meant"] {
  if (expected === "true or false" && typeof value === "string") return meantFlag(value);
  if (expected.startsWith("a duration") && typeof value === "number") return `${value}s`;
  if (expected.startsWith("a size") && typeof value === "string") return meantSize(value);
  const wantsNumber = /^(?:a port|a number|an exit code|an HTTP status)/.test(expected);
  return wantsNumber && typeof value === "string" && /^[0-9]+$/.test(value) ? { plain: value } : undefined;
}

const flags: Readonly<Record<string, string>> = {
  yes: "true",
  on: "true",
  y: "true",
  no: "false",
  off: "false",
  n: "false",
};

function meantFlag(value: string): Finding["meant"] {
  const plain = flags[value.toLowerCase()] ?? nearestWord(value, ["true", "false"]);
  return plain === undefined ? undefined : { plain };
}

function meantSize(value: string): string | undefined {
  const [, amount, unit] = /^([1-9][0-9]*) ?([KMG])i?B?$/i.exec(value) ?? [];
  return amount === undefined || unit === undefined ? undefined : `${amount}${unit.toUpperCase()}`;
}
