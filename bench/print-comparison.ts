import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { median, type Comparison, type Measurement } from "./comparison.ts";

export function printMachine(): void {
  const debian = readFileSync("/etc/debian_version", "utf8").trim();
  const memory = Math.round(totalmem() / 1024 ** 3);
  console.log(
    `machine: ${availableParallelism()} × ${cpus()[0]?.model.trim()}, ${memory} GB, Linux ${release()}, Debian ${debian}, ` +
      `Node ${process.version}, work folders of all sides on tmpfs`,
  );
}

/** A line for each side: median, extremes, and how many times as long as it the first side takes. */
export function printComparison({ title, note, runs }: Comparison, measured: readonly Measurement[]): void {
  console.log(`\n${title}, ${runs} ${runs === 1 ? "run" : "runs"} in turn`);
  if (note !== undefined) console.log(`  ${note}`);
  const width = Math.max(...measured.map(({ name }) => name.length));
  const ours = median(measured[0]?.seconds ?? []);
  for (const [index, { name, seconds, remark }] of measured.entries()) {
    const middle = median(seconds);
    const ratio = index === 0 ? "" : `  ours ÷ this ${(ours / middle).toFixed(2)}`;
    const range = `${format(Math.min(...seconds))} – ${format(Math.max(...seconds))}`;
    console.log(`  ${name.padEnd(width)}  median ${format(middle)}  (${range})${ratio}${remark && `  ${remark}`}`);
  }
}

function format(seconds: number): string {
  return seconds < 1
    ? `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`.padStart(7)
    : `${seconds.toFixed(2)} s`.padStart(7);
}
