import type { InstanceId, InstanceState } from "../../runtime/runtime.ts";
import type { InstanceHealth, InstanceTraffic, InstanceView } from "../fleet.ts";
import type { Dooms } from "./dooms.ts";
import type { ServiceInstance, Wanted } from "./engine.ts";
import { serviceLabels } from "./engine.ts";
import type { LocalClock } from "./local-clock.ts";
import type { Starting } from "./service-memory.ts";

export type ViewOptions = {
  readonly wanted: Wanted;
  readonly starting: ReadonlyMap<InstanceId, Pick<Starting, "release" | "since">>;
  readonly stopping: ReadonlySet<InstanceId>;
  readonly dooms: Dooms;
  readonly clock: LocalClock;
  readonly healthOf: (id: InstanceId) => InstanceHealth;
  readonly trafficOf: (id: InstanceId) => InstanceTraffic;
  readonly failureOf: (id: InstanceId) => string | undefined;
};

/** The instances of a service, from what the driver says is there, what this process is doing, and what the record says of them. Those of releases that nobody knows are not among them. */
export function viewInstances(states: readonly InstanceState[], options: ViewOptions): readonly ServiceInstance[] {
  const listed = states.flatMap((state) => viewOf(state, options) ?? []);
  const known = new Set(listed.map(({ id }) => id));
  const starting = [...options.starting].flatMap(([id, { release, since }]): readonly ServiceInstance[] => {
    const image = options.wanted.releaseOf(release)?.image;
    if (image === undefined || known.has(id)) return [];
    const health = { status: "unknown", since } as const;
    return [{ id, release, image, started: since, state: "starting", health, traffic: { status: "out", since } }];
  });
  return [...listed, ...starting];
}

/** The number of the release that an instance was started for; NaN: its label says none. */
export function releaseOfLabels({ labels = {} }: Pick<InstanceState, "labels">): number {
  const text = labels[serviceLabels.release] ?? "";
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN;
}

function viewOf(state: InstanceState, options: ViewOptions): ServiceInstance | undefined {
  const { wanted, clock, healthOf, trafficOf, failureOf } = options;
  const { id, address, port, end } = state;
  const release = wanted.releaseOf(releaseOfLabels(state));
  if (release === undefined) return undefined;
  const condemned = condemnedOf(id, options);
  const failure = failureOf(id);
  return {
    id,
    release: release.number,
    image: release.image,
    started: clock.taken({ at: Date.parse(state.started), of: `${id} started` }),
    state: stateOf(state, options),
    health: healthOf(id),
    traffic: trafficOf(id),
    ...(condemned === undefined ? {} : { condemned }),
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
    ...(failure === undefined ? {} : { failure }),
    ...(end === undefined ? {} : { end }),
  };
}

/** One whose start is not over is there already, and not yet verified. */
function stateOf({ id, status }: InstanceState, { starting, stopping }: ViewOptions): InstanceView["state"] {
  if (stopping.has(id)) return "stopping";
  if (starting.has(id)) return "starting";
  return status === "exited" ? "gone" : status;
}

/** What this process was told comes before the record, which is told a moment later. */
function condemnedOf(id: InstanceId, { wanted, dooms, clock }: ViewOptions): InstanceView["condemned"] {
  const doom = dooms.of(id);
  if (dooms.isSpared(id) && doom?.why !== "drift") return undefined;
  if (doom !== undefined) return { why: doom.why, since: doom.since };
  const recorded = wanted.living.find((one) => one.id === id)?.condemned;
  return recorded === undefined
    ? undefined
    : { why: recorded.why, since: clock.recorded({ at: recorded.since, of: `${id} condemned` }) };
}
