import { join } from "node:path";
import { mkdirSync } from "node:fs";
import type { BenchWork, Comparison } from "../comparison.ts";
import type { DockerInstances } from "./docker-instances.ts";
import { dockerReplacement } from "./docker-replacement.ts";
import { ourFleet } from "./our-fleet.ts";

/** All instances of a service replaced, and the way back, start-first and two at a time on both sides. Ours are verified, watched by the guard and on the record, each. */
export async function* replacement(
  work: BenchWork,
  docker: DockerInstances,
  replicas: number,
): AsyncGenerator<Comparison, void, void> {
  const folder = join(work.folder, `replacement-${replicas}`);
  mkdirSync(folder);
  const cold = await ourFleet(folder, { replicas });
  const warm = await ourFleet(folder, { replicas, listens: true, keep: "10m" });
  const other = await dockerReplacement(docker, replicas);
  try {
    yield {
      title: `${replicas} instances replaced, start-first, two at a time`,
      note: "to reach: 0.25 × docker",
      runs: work.runs(3),
      sides: [{ name: "ingot", run: cold.update }, other.update],
    };
    yield {
      title: `the way back of ${replicas}`,
      note: "to reach: 0.25 × docker",
      runs: work.runs(3),
      sides: [
        { name: "ingot, the former set still warm: by traffic alone", prepare: warm.update, run: warm.rollBack },
        { name: "ingot, by new instances", prepare: cold.update, run: cold.rollBack },
        other.rollBack,
      ],
    };
  } finally {
    await other.remove();
    await warm.remove();
    await cold.remove();
  }
}
