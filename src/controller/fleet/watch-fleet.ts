import type { Fleet } from "../../fleet/engine/engine.ts";
import type { Guard, WatchedInstance } from "../../guard/guard.ts";
import { IngotError } from "../../ground/error.ts";
import type { InstanceId, InstancePlace, Runtime } from "../../runtime/runtime.ts";
import type { Controller } from "../controller.ts";
import { contentOf } from "../state/instances.ts";
import { findRelease } from "../state/releases.ts";
import type { ReleaseSpecs } from "./release-specs.ts";
import { repeat } from "./when-quiet.ts";

export type WatchOptions = {
  readonly fleet: Fleet;
  readonly guard: Guard;
  readonly runtime: Runtime;
  readonly specs: ReleaseSpecs;
};

/**
 * Tells the guard of every instance that runs, with what it must know to judge it: from the release what is declared, and from the record what its content was when the image was first run. Returns what ends it.
 */
export function watchFleet(controller: Controller, options: WatchOptions): () => Promise<void> {
  const { fleet, guard } = options;
  const { report } = controller.ctx;
  const places = new Map<InstanceId, InstancePlace>();
  let last = "";
  const tell = async (): Promise<void> => {
    const watched = await listWatched(controller, options, places);
    const text = JSON.stringify(watched);
    if (text === last) return;
    await guard.watch(watched);
    last = text;
  };
  const onError = (error: unknown): void => report.warn(`the guard was not told what runs: ${String(error)}`);
  const { wake, close } = repeat(tell, { every: 5000, onError });
  fleet.onChange(wake);
  return close;
}

async function listWatched(
  controller: Controller,
  { fleet, runtime, specs }: WatchOptions,
  places: Map<InstanceId, InstancePlace>,
): Promise<readonly WatchedInstance[]> {
  const { state } = controller.ledger;
  const watched: WatchedInstance[] = [];
  for (const { key, instances } of fleet.list()) {
    const releases = new Map(
      [...new Set(instances.map(({ release }) => release))].map((number) => [
        number,
        findRelease(state, { ...key, number }),
      ]),
    );
    for (const { id, release: number, image, state: now } of instances) {
      if (now !== "running" && now !== "frozen") continue;
      const release = releases.get(number);
      const place = places.get(id) ?? (await placeOf(runtime, id));
      if (release === undefined || place?.content === undefined) continue;
      places.set(id, place);
      const { configuration, source } = specs(release);
      const { guard: rules, secrets } = configuration;
      const { mode, exceptions } = rules;
      const { pid, cgroup, writable, content } = place;
      watched.push({
        id,
        ...key,
        release: number,
        // Of an index, the image for this machine: by it its content is found.
        image: source.digest,
        pid,
        cgroup,
        // Attack: who changes the file changes the note beside it, too. The record cannot be changed.
        content: { path: content.path, sha256: contentOf(state, image) ?? content.sha256 },
        writable,
        secrets: Object.keys(secrets),
        mode,
        exceptions: exceptions.map(({ rule, path, reason }) => ({
          rule,
          reason,
          ...(path === undefined ? {} : { path }),
        })),
      });
    }
  }
  const present = new Set(watched.map(({ id }) => id));
  for (const id of places.keys()) if (!present.has(id)) places.delete(id);
  return watched;
}

/** Undefined: it has ended meanwhile. */
async function placeOf(runtime: Runtime, id: InstanceId): Promise<InstancePlace | undefined> {
  try {
    return await runtime.place(id);
  } catch (error) {
    if (error instanceof IngotError) return undefined;
    throw error;
  }
}
