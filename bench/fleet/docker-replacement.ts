import { dockerService } from "../../test/support/docker-service.ts";
import type { Side } from "../comparison.ts";
import { dockerImage, type DockerInstances } from "./docker-instances.ts";
import { command } from "./our-instances.ts";

/** What our rollouts are compared with: all instances of a service replaced, start-first and two at a time, and the way back. `remove` ends the service. */
export type DockerReplacement = {
  readonly update: Side;
  readonly rollBack: Side;
  readonly remove: () => Promise<void>;
};

export async function dockerReplacement({ dockerd }: DockerInstances, replicas: number): Promise<DockerReplacement> {
  const service = await dockerService(dockerd, { image: dockerImage, command, replicas, parallelism: 2 });
  return {
    update: { name: "docker service update", run: service.update },
    // Each way back needs a way there.
    rollBack: { name: "docker service update --rollback", prepare: service.update, run: service.rollBack },
    remove: service.remove,
  };
}
