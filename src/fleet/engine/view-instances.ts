import type { InstanceId, InstanceState } from "../../runtime/runtime.ts";
import type { FleetRelease, InstanceHealth, InstanceTraffic, InstanceView } from "../fleet.ts";
import { hasTraffic } from "../plan/standing.ts";
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

/** The instances of a service, from what the driver says is there, what this process is doing, and what the record says of them. */
export function viewInstances(states: readonly InstanceState[], options: ViewOptions): readonly ServiceInstance[] {
  const listed = states.map((state) => viewOf(state, options));
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
function numberOf({ labels = {} }: Pick<InstanceState, "labels">): number {
  const text = labels[serviceLabels.release] ?? "";
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN;
}

/** Of a release that the record does not have, as after it was put back to an older copy: it serves until another one does in its place. */
const unknownRelease = 0;

/** Undefined: its release is not on the record, or there has another image, since the record was put back and went on otherwise. */
export function releaseOf(
  state: Pick<InstanceState, "labels" | "image">,
  { releaseOf: find }: Pick<Wanted, "releaseOf">,
): FleetRelease | undefined {
  const release = find(numberOf(state));
  return release !== undefined && state.image === (release.content ?? release.image) ? release : undefined;
}

/** Who has no address serves without a proxy. */
function isUnaddressed({ port }: InstanceState, release: FleetRelease | undefined): boolean {
  return release === undefined ? port === undefined : !hasTraffic(release.spec);
}

function viewOf(state: InstanceState, options: ViewOptions): ServiceInstance {
  const { wanted, clock, healthOf, trafficOf, failureOf } = options;
  const { id, address, port, end } = state;
  const release = releaseOf(state, wanted);
  const condemned = condemnedOf(id, options);
  const failure = failureOf(id);
  return {
    id,
    release: release?.number ?? unknownRelease,
    image: release?.image ?? state.image,
    started: clock.taken({ at: Date.parse(state.started), of: `${id} started` }),
    state: stateOf(state, options),
    health: healthOf(id),
    traffic: trafficOf(id),
    ...(isUnaddressed(state, release) ? { isUnaddressed: true } : {}),
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
  const recorded = wanted.living.find((one) => one.id === id)?.condemned;
  // Drift is drift, whoever is at work there.
  if (dooms.isSpared(id) && doom?.why !== "drift" && recorded?.why !== "drift") return undefined;
  if (doom !== undefined) return { why: doom.why, since: doom.since };
  return recorded === undefined
    ? undefined
    : { why: recorded.why, since: clock.recorded({ at: recorded.since, of: `${id} condemned` }) };
}
