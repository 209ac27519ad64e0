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
  const fleet = await ourFleet(folder, { replicas });
  const other = await dockerReplacement(docker, replicas);
  try {
    yield {
      title: `${replicas} instances replaced, start-first, two at a time`,
      note: "to reach: 0.25 × docker",
      runs: work.runs(3),
      sides: [{ name: "ingot", run: fleet.update }, other.update],
    };
    yield {
      title: `the way back of ${replicas}, by new instances`,
      note: "to reach: 0.25 × docker",
      runs: work.runs(3),
      sides: [{ name: "ingot", prepare: fleet.update, run: fleet.rollBack }, other.rollBack],
    };
  } finally {
    await other.remove();
    await fleet.remove();
  }
  yield* warmWayBack(folder, { replicas, runs: work.runs(3) });
}

/** Docker has none: it keeps nothing of what was replaced. */
async function* warmWayBack(
  folder: string,
  { replicas, runs }: { readonly replicas: number; readonly runs: number },
): AsyncGenerator<Comparison, void, void> {
  const fleet = await ourFleet(folder, { replicas, listens: true, keep: "10m" });
  const prepare = async (): Promise<void> => {
    await fleet.settled();
    await fleet.update();
  };
  try {
    yield {
      title: `the way back of ${replicas} while the former set is warm`,
      note: "Docker's is the one above",
      runs,
      sides: [{ name: "ingot, by a switch of traffic", prepare, run: fleet.rollBack }],
    };
  } finally {
    await fleet.remove();
  }
}
