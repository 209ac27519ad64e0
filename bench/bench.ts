// npm run bench -- [NAME…] [--runs N]: measures jobs side by side in one run and prints the figures. Nothing that is timed is asserted.
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { measure, type Bench, type BenchWork } from "./comparison.ts";
import { printComparison, printMachine } from "./print-comparison.ts";

const parts = new Set(["bench", "comparison", "print-comparison"]);
const names = globSync("*.ts", { cwd: import.meta.dirname })
  .map((file) => basename(file, ".ts"))
  .filter((name) => !parts.has(name) && !name.includes("."))
  .toSorted();

const { values, positionals } = parseArgs({ allowPositionals: true, options: { runs: { type: "string" } } });
const unknown = positionals.find((name) => !names.includes(name));
const runs = values.runs === undefined ? undefined : Number(values.runs);
if (unknown !== undefined || (runs !== undefined && !(Number.isInteger(runs) && runs > 0))) {
  console.error(`usage: npm run bench -- [${names.join("|")}]… [--runs N]`);
  process.exit(2);
}

printMachine();
for (const name of positionals.length > 0 ? positionals : names) await runBench(name);

async function runBench(name: string): Promise<void> {
  const { bench } = (await import(`./${name}.ts`)) as { bench: Bench };
  const folder = mkdtempSync(`/dev/shm/ingot-bench-${name}-`);
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  const stop = () => {
    removeFolder();
    process.exit(130);
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const work: BenchWork = { folder: join(folder), runs: (usual) => runs ?? usual };
  try {
    for await (const comparison of bench(work)) printComparison(comparison, await measure(comparison));
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    removeFolder();
  }
}
