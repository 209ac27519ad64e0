import { join } from "node:path";
import { runCommand } from "../src/ground/run-command.ts";
import type { Bench } from "./comparison.ts";
import { fullSize, writeSyntheticTracker } from "./support/synthetic-tracker.ts";

const packages = 1000;

/** A scan of many packages by a tracker file of full size. Nothing else does the same without a network, so the other side is the file itself: the time to read it as JSON. */
export const bench: Bench = async function* (work) {
  const file = join(work.folder, "tracker.json");
  const home = join(work.folder, "home");
  const size = writeSyntheticTracker(file, fullSize);
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const child = (script: string, ...args: readonly string[]) =>
    runCommand(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      join(import.meta.dirname, "support", script),
      ...args,
    ]);
  yield {
    title: `adding a tracker file of ${megabytes(size)}: ${fullSize.vulnerabilities} vulnerabilities of ${fullSize.sources} source packages`,
    runs: 1,
    sides: [
      {
        name: "ingot: read, check and index it",
        run: async () => {
          const { stdout } = await child("add-once.ts", home, file);
          return `most memory ${megabytes(Number(stdout))}`;
        },
      },
    ],
  };
  yield {
    title: `scan of ${packages} source packages by that file`,
    note: "a process each, from its start to its end; to reach: 2 s, 500 MB",
    runs: work.runs(7),
    sides: [
      {
        name: "ingot: match with the index",
        run: async () => {
          const { stdout } = await child("scan-once.ts", home, String(packages));
          const { findings, memory } = JSON.parse(stdout) as { findings: number; memory: number };
          return `${findings} findings, most memory ${megabytes(memory)}`;
        },
      },
      {
        name: "no index: only JSON.parse of the file",
        run: async () => {
          const script = `JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")); console.log(process.resourceUsage().maxRSS * 1024)`;
          const { stdout } = await runCommand(process.execPath, ["-e", script, file]);
          return `most memory ${megabytes(Number(stdout))}`;
        },
      },
    ],
  };
};
