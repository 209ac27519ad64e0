import type { Rollout } from "../fleet.ts";
import type { Service } from "./service.ts";

/**
 * Whether a rollout still waits for its image to be made ready on this host, which is begun with the first question. The deadline of its progress counts from when that is done: how fast this host writes content
 * says nothing of the image. It waits no longer than that deadline, whatever becomes of it.
 */
export function isPreparing(service: Service, rollout: Rollout | undefined): boolean {
  if (rollout?.status !== "pending") return false;
  const { memory, clock } = service;
  if (!memory.prepared.has(rollout.id)) begin(service, rollout);
  const end = Math.max(rollout.started, clock.began) + rollout.to.spec.update.progressDeadline;
  return memory.prepared.get(rollout.id) === "begun" && clock.now() < end;
}

function begin({ memory, record, key, background, wake }: Service, { id, to }: Rollout): void {
  memory.prepared.set(id, "begun");
  const end = (): void => {
    memory.prepared.set(id, "done");
    wake();
  };
  // What fails here fails the start that follows, which tells it.
  background(record.prepare(key, to.number).then(end, end));
}
