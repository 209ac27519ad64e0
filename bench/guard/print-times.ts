import { loadavg } from "node:os";
import { median } from "../comparison.ts";

/** One job of its own, with nothing beside it: what else ran on the machine is told. */
export function printTitle(title: string, note: string): void {
  const [minute = 0] = loadavg();
  console.log(`\n${title}\n  ${note}; load of the machine ${minute.toFixed(1)}`);
}

/** Milliseconds. */
export function describeTimes(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
  const show = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
  return `p50 ${show(median(sorted))}, p95 ${show(p95)}, max ${show(sorted.at(-1) ?? Number.NaN)}`;
}
