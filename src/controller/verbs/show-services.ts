import type { ServiceInstance, ServiceView } from "../../fleet/engine/engine.ts";
import type { Controller } from "../controller.ts";
import { requirePolicy } from "../decisions/require-policy.ts";
import { operationsOf } from "../operations.ts";
import { listAlarms, type Alarm } from "../state/alarms.ts";
import { listCurrent, type Release } from "../state/releases.ts";
import { listQuarantined, listRollouts, stableOf, type Quarantined, type RecordedRollout } from "../state/rollouts.ts";

/** A service that has a release: what the record wants of it, and what runs. */
export type ShownService = {
  readonly environment: string;
  readonly service: string;
  /** The newest release. */
  readonly release: number;
  /** Digest. */
  readonly image: string;
  readonly repository: string;
  /** The host's address that traffic comes in by, where there is one. */
  readonly listen?: string;
  /** The release of the last rollout that ended well; absent: none did. */
  readonly stable?: number;
  /** The one that has not ended, else the newest. */
  readonly rollout?: RecordedRollout;
  readonly quarantine: readonly Quarantined[];
  readonly alarms: readonly Alarm[];
  /** Absent: this controller runs no instances. */
  readonly running?: RunningService;
};

export type RunningService = {
  readonly replicas: number;
  readonly isSettled: boolean;
  /** What stands in the way, for people. */
  readonly notes: readonly string[];
  readonly instances: readonly ShownInstance[];
  readonly traffic?: {
    readonly isServing: boolean;
    readonly requests: number;
    readonly failed: number;
    readonly held: number;
  };
};

/** Times in ISO 8601. */
export type ShownInstance = {
  readonly id: string;
  readonly release: number;
  readonly image: string;
  readonly state: ServiceInstance["state"];
  readonly health: ServiceInstance["health"]["status"];
  readonly traffic: ServiceInstance["traffic"]["status"];
  readonly sessions?: number;
  readonly started: string;
  readonly address?: string;
  readonly port?: number;
  /** The last failed check. */
  readonly failure?: string;
  readonly condemned?: string;
};

/** All services of an environment, or of all; in order. Throws `environment-unknown`. */
export function showServices(controller: Controller, environment?: string): readonly ShownService[] {
  const { state } = controller.ledger;
  if (environment !== undefined) requirePolicy(state, environment);
  return listCurrent(state, environment).map((release) => showService(controller, release));
}

/** One service by its current release. */
export function showService(controller: Controller, release: Release): ShownService {
  const { state } = controller.ledger;
  const { environment, service, number, image, repository } = release;
  const key = { environment, service };
  const stable = stableOf(state, key);
  const [newest, ...others] = listRollouts(state, key, 20);
  const rollout = [newest, ...others].find((one) => one !== undefined && one.ended === undefined) ?? newest;
  const operations = operationsOf(controller);
  const view = operations?.fleet.status(key);
  return {
    ...key,
    release: number,
    image,
    repository,
    ...listenOf(release),
    ...(stable === undefined ? {} : { stable }),
    ...(rollout === undefined ? {} : { rollout }),
    quarantine: listQuarantined(state, key),
    alarms: listAlarms(state, key),
    ...(operations === undefined ? {} : { running: describeRunning(view, release) }),
  };
}

function listenOf({ configuration, environment }: Release): { readonly listen?: string } {
  const overrides = (configuration.in ?? {}) as Readonly<Record<string, { readonly listen?: string }>>;
  const listen = overrides[environment]?.listen ?? configuration.listen;
  return typeof listen === "string" ? { listen } : {};
}

function describeRunning(view: ServiceView | undefined, { configuration }: Release): RunningService {
  const wanted = typeof configuration.replicas === "number" ? configuration.replicas : 1;
  if (view === undefined) return { replicas: wanted, isSettled: false, notes: [], instances: [] };
  const { replicas, isSettled, notes, instances, traffic } = view;
  return {
    replicas,
    isSettled,
    notes,
    instances: instances.map(describeInstance),
    ...(traffic === undefined ? {} : { traffic: { isServing: traffic.isServing, ...traffic.counters } }),
  };
}

function describeInstance(instance: ServiceInstance): ShownInstance {
  const { id, release, image, state, health, traffic, started, address, port, failure, condemned } = instance;
  return {
    id,
    release,
    image,
    state,
    health: health.status,
    traffic: traffic.status,
    ...(traffic.sessions === undefined ? {} : { sessions: traffic.sessions }),
    started: new Date(started).toISOString(),
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
    ...(failure === undefined || health.status === "healthy" ? {} : { failure }),
    ...(condemned === undefined ? {} : { condemned: condemned.why }),
  };
}
