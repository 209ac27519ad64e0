import { IngotError } from "../../ground/error.ts";
import { newInstanceId } from "../../runtime/image-instance.ts";
import type { InstanceId, InstanceState } from "../../runtime/runtime.ts";
import type { FleetRelease, ServiceKey, StartReason } from "../fleet.ts";
import { serviceLabels } from "./engine.ts";
import type { Service } from "./service.ts";

/** Begins to start an instance; the rest goes on beside the passes, in its turn. */
export function beginStart(service: Service, release: FleetRelease, why: StartReason): InstanceId {
  const { memory, clock } = service;
  const id = newInstanceId(service.ctx, service.key.service);
  const starting = { release: release.number, since: clock.now(), why, isDropped: false };
  memory.starting.set(id, starting);
  const work = service.pool.run(async () => {
    if (!starting.isDropped && !service.isClosed()) await startOne(service, id, { release, why });
  });
  service.background(
    work.finally(() => {
      memory.starting.delete(id);
      service.wake();
    }),
  );
  return id;
}

type Begun = { readonly release: FleetRelease; readonly why: StartReason };

/** Failures are an alarm and a longer pause until the next attempt: whoever asked sees that it is missing, and asks again. */
async function startOne(service: Service, id: InstanceId, { release, why }: Begun): Promise<void> {
  const { memory, clock, alarms } = service;
  const begun = performance.now();
  try {
    await launch(service, id, release);
  } catch (error) {
    if (service.isClosed()) return;
    memory.backoff.notStarted(release.number, clock.now());
    await alarms.raise("start-failed", error);
    return;
  }
  const milliseconds = Math.round(performance.now() - begun);
  await recordStart(service, { id, release, why, milliseconds });
  await alarms.clear("start-failed");
}

async function launch(service: Service, id: InstanceId, release: FleetRelease): Promise<InstanceState> {
  const { runtime, key, record } = service;
  const { spec, secrets } = await record.order(key, release.number);
  const labels = labelsOf(key, release.number);
  return runtime.start({ ...spec, id, labels }, secrets === undefined ? {} : { secrets });
}

function labelsOf({ environment, service }: ServiceKey, release: number): Record<string, string> {
  return {
    [serviceLabels.environment]: environment,
    [serviceLabels.service]: service,
    [serviceLabels.release]: String(release),
  };
}

/** Also of one whose start another process did not live to record. */
export async function recordStart(
  service: Service,
  started: {
    readonly id: InstanceId;
    readonly release: Pick<FleetRelease, "number" | "image">;
    readonly why: StartReason | "adopted";
    readonly milliseconds: number;
  },
): Promise<void> {
  const { id, release, why, milliseconds } = started;
  const content = await contentOf(service, id);
  await service.record.record(service.key, {
    kind: "started",
    instance: id,
    release: release.number,
    image: release.image,
    why,
    milliseconds,
    ...(content === undefined ? {} : { content }),
  });
  service.memory.recorded.add(id);
}

/** Undefined: the driver's instances run from no file, or it has ended at once. */
async function contentOf({ runtime }: Service, id: InstanceId): Promise<string | undefined> {
  try {
    return (await runtime.place(id)).content?.sha256;
  } catch (error) {
    if (error instanceof IngotError) return undefined;
    throw error;
  }
}
