import { digestOf } from "../../oci/digest.ts";
import type { InstanceId } from "../../runtime/runtime.ts";
import type {
  Desired,
  FleetRelease,
  InstanceView,
  Plan,
  Rollout,
  ServiceSpec,
  Situation,
  UpdateSpec,
} from "../fleet.ts";
import { tellStep } from "./describe-plan.ts";
import { planService } from "./plan-service.ts";

/** The moment at which every test plans. */
export const now = 1_000_000;

export const update: UpdateSpec = {
  strategy: "rolling",
  maxParallel: 1,
  minHealthyTime: 2000,
  healthyDeadline: 60_000,
  progressDeadline: 300_000,
  autoRevert: true,
  canary: 1,
  bake: 10_000,
  autoPromote: true,
  scaleDownDelay: 60_000,
};

const spec: ServiceSpec = {
  replicas: 3,
  listen: { host: "127.0.0.1", port: 8088, mode: "http" },
  port: 8080,
  health: { probe: { kind: "tcp" }, interval: 1000, timeout: 1000, healthyAfter: 2, unhealthyAfter: 3 },
  update,
  drain: 5000,
  grace: 10_000,
  hold: 10_000,
};

type ReleaseChange = Partial<Omit<FleetRelease, "spec">> & {
  readonly spec?: Partial<ServiceSpec>;
  readonly update?: Partial<UpdateSpec>;
};

export function makeRelease(number: number, change: ReleaseChange = {}): FleetRelease {
  const { spec: specChange, update: updateChange, ...rest } = change;
  return {
    number,
    image: digestOf(`image ${number}`),
    spec: { ...spec, ...specChange, update: { ...update, ...updateChange } },
    ...rest,
  };
}

/** A release whose instances serve nobody by an address. */
export function makeUnaddressed(number: number, change: ReleaseChange = {}): FleetRelease {
  const { spec: whole, ...rest } = makeRelease(number, change);
  return { ...rest, spec: withoutAddress(whole) };
}

function withoutAddress({ listen: _listen, port: _port, ...bare }: ServiceSpec): ServiceSpec {
  return bare;
}

export function makeRollout(to: FleetRelease, change: Partial<Rollout> = {}): Rollout {
  const started = now - 30_000;
  return { id: 77, kind: "deploy", to, status: "running", since: started, started, isPromoted: false, ...change };
}

export function makeDesired(change: Partial<Desired> = {}): Desired {
  const key = { environment: "production", service: "web" };
  return { key, quarantined: new Set(), revoked: new Set(), ...change };
}

/** `healthy`, `unhealthy`: for so many milliseconds. `drained`: requests are done. Without either health nothing is known. */
type Looks = Partial<Pick<InstanceView, "state" | "condemned">> & {
  readonly age?: number;
  readonly healthy?: number;
  readonly unhealthy?: number;
  readonly unknown?: number;
  readonly traffic?: "in" | "draining" | "out";
  readonly since?: number;
  readonly sessions?: number;
};

/** An instance as it is seen. `a1`: the first letters are any, the number is that of its release. */
export function see(id: string, looks: Looks = {}): InstanceView {
  const { healthy, unhealthy, unknown = 0, traffic = "out", since = 20_000, sessions, state = "running" } = looks;
  const release = Number(/\d+$/.exec(id)?.[0]);
  const judged = healthy === undefined ? "unhealthy" : "healthy";
  const status = healthy === undefined && unhealthy === undefined ? "unknown" : judged;
  return {
    id: id as InstanceId,
    release,
    image: digestOf(`image ${release}`),
    started: now - (looks.age ?? 100_000),
    state,
    health: { status, since: now - (healthy ?? unhealthy ?? unknown) },
    traffic: { status: traffic, since: now - since, ...(sessions !== undefined && { sessions }) },
    ...(looks.condemned && { condemned: looks.condemned }),
  };
}

/** Instances that serve and are healthy. */
export function serving(...ids: readonly string[]): readonly InstanceView[] {
  return ids.map((id) => see(id, { healthy: 50_000, traffic: "in" }));
}

/** Instances that are healthy and have had no traffic for a while. */
export function idle(...ids: readonly string[]): readonly InstanceView[] {
  return ids.map((id) => see(id, { healthy: 50_000, traffic: "out" }));
}

export type Given = Partial<Omit<Situation, "desired" | "instances">> & {
  readonly desired: Partial<Desired>;
  readonly instances?: readonly InstanceView[];
};

export function plan({ desired, instances = [], ...rest }: Given): Plan {
  return planService({ now, desired: makeDesired(desired), instances, backoff: new Map(), ...rest });
}

/** The steps of a plan, as people read them. */
export function stepsOf(given: Given): readonly string[] {
  return plan(given).steps.map(tellStep);
}
