import { IngotError } from "../ground/error.ts";

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration as people write it on a command line (`500ms`, `30s`, `10m`, `1h`, `0s`) in milliseconds. Throws `usage`, naming the option. */
export function parseDuration(text: string, option: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const factor = units[unit ?? ""];
  if (amount !== undefined && factor !== undefined) return Number(amount) * factor;
  throw new IngotError("usage", `expected a duration such as 30s, 10m or 1h for ${option}, got "${text}"`, {
    hint: "a whole number with ms, s, m, h or d",
  });
}
