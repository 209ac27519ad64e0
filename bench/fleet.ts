import { join } from "node:path";
import { isInstalled, whyNoInstances } from "../test/support/runtime-image.ts";
import type { Bench, Comparison } from "./comparison.ts";
import { dockerInstances, type DockerInstances } from "./fleet/docker-instances.ts";
import { ourInstances, type OurInstances } from "./fleet/our-instances.ts";
import { replacement } from "./fleet/replacement.ts";
import { plainRunc, unpackBundle } from "./fleet/plain-runc.ts";

const many = 50;

/** Instances beside Docker's, two at a time on both sides. Ours have their network, their profile and its verification in them; the others have no network. */
export const bench: Bench = async function* (work) {
  const reason = whyNoInstances() ?? (isInstalled("dockerd") ? undefined : "needs dockerd: not installed");
  if (reason !== undefined) return console.error(`fleet: skipped, ${reason}`);
  const ours = await ourInstances(work.folder);
  const bundle = await unpackBundle(join(ours.home.home, "store"), work.folder);
  const runc = plainRunc(bundle);
  try {
    const docker = await dockerInstances(work.folder, join(bundle, "rootfs"));
    try {
      yield {
        title: "one more instance",
        note: "to reach: 0.25 × docker",
        runs: work.runs(15),
        sides: [
          { name: "ingot, by the resident helper", run: ours.startOne },
          runc,
          { name: "docker run", run: docker.startOne },
        ],
      };
      yield* manyInstances({ ours, docker, runs: work.runs(3) });
      await ours.stopAll();
      await docker.stopAll();
      for (const replicas of [10, many]) yield* replacement(work, docker, replicas);
    } finally {
      await docker.remove();
    }
  } finally {
    await runc.clear();
    await ours.remove();
  }
};

type Sides = { readonly ours: OurInstances; readonly docker: DockerInstances; readonly runs: number };

function* manyInstances({ ours, docker, runs }: Sides): Generator<Comparison, void, void> {
  yield {
    title: `${many} instances, two at a time`,
    note: "to reach: 0.2 × docker",
    runs,
    sides: [
      { name: "ingot", prepare: ours.stopAll, run: () => ours.start(many) },
      { name: "docker run", prepare: docker.stopAll, run: () => docker.start(many) },
    ],
  };
  yield {
    title: `the end of ${many} instances, two at a time, without grace`,
    runs,
    sides: [
      { name: "ingot", prepare: () => refill(ours), run: ours.stopAll },
      { name: "docker rm --force", prepare: () => refill(docker), run: docker.stopAll },
    ],
  };
}

async function refill(side: OurInstances | DockerInstances): Promise<void> {
  await side.stopAll();
  await side.start(many);
}
