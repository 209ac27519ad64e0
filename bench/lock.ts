import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { IsolatedApt } from "../test/support/isolated-apt.ts";
import { runCommand } from "../src/ground/run-command.ts";
import type { Bench } from "./comparison.ts";

const questions: readonly (readonly string[])[] = [
  ["nginx-light", "ca-certificates"],
  ["postgresql", "python3-flask", "redis-server"],
];

/** The same packages from the same lists, warm: a fresh process of ours, and apt's. */
export const bench: Bench = async function* (work) {
  const apt = await IsolatedApt.open(join(work.folder, "apt"));
  const files = (await apt.readIndexes()).map(({ suite, packages: [bytes = Buffer.alloc(0)] }, index) => {
    const file = join(work.folder, `Packages-${index}`);
    writeFileSync(file, bytes);
    return `${suite.suite}=${file}`;
  });
  const script = join(import.meta.dirname, "support/resolve-once.ts");
  const flags = ["--disable-warning=ExperimentalWarning", script, ...files, "--"];
  for (const names of questions) {
    yield {
      title: `dependency resolution: ${names.join(" ")}`,
      note: "lists at hand, empty status, no Recommends; to reach: 0.5 ×",
      runs: work.runs(7),
      sides: [
        {
          name: "ingot: a process that reads the lists and resolves",
          run: async () => (await runCommand(process.execPath, [...flags, ...names])).stdout.trim(),
        },
        {
          name: "apt-get -s install",
          run: async () => {
            const answer = await apt.simulate({ names, recommends: false });
            return answer.kind === "set" ? `${answer.packages.length} packages` : "refused";
          },
        },
      ],
    };
  }
};
