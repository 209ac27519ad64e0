import { existsSync, readFileSync } from "node:fs";
import { jsonOrUndefined } from "../../ground/json-or-undefined.ts";

/** The last error in a log of runc's, one JSON object a line; a line that was cut off, since runc was killed or the disk is full, is none. */
export function lastError(log: string): string | undefined {
  if (!existsSync(log)) return undefined;
  const lines = readFileSync(log, "utf8").trimEnd().split("\n").filter(Boolean);
  const entries = lines.map((line) => jsonOrUndefined(line) as { level?: string; msg?: string } | null | undefined);
  return entries.findLast((entry) => entry?.level === "error")?.msg;
}
