import type { Digest } from "../oci/digest.ts";
import type { InstanceId } from "../runtime/runtime.ts";

/** A service is known by its environment and its name. */
export type ServiceKey = { readonly environment: string; readonly service: string };

/** What a release's configuration says of how it runs, with defaults filled in and the environment's own values merged. Times are milliseconds. */
export type ServiceSpec = {
  readonly replicas: number;
  /** Where traffic comes in; without it the instances serve nobody by an address of the host. */
  readonly listen?: { readonly host: string; readonly port: number; readonly mode: "http" | "tcp" };
  /** The port of an instance, for traffic and checks; absent: the image has none. */
  readonly port?: number;
  readonly health: HealthCheck;
  readonly update: UpdateSpec;
  /** How long requests under way may take once an instance gets no new ones. */
  readonly drain: number;
  /** From SIGTERM to SIGKILL. */
  readonly grace: number;
  /** How long requests are held while nothing is healthy. */
  readonly hold: number;
};

export type HealthCheck = {
  /** `started`: an instance is healthy while it runs: of a service without a port and without `health`. */
  readonly probe:
    | { readonly kind: "http"; readonly path: string }
    | { readonly kind: "tcp" }
    | { readonly kind: "run"; readonly command: readonly string[] }
    | { readonly kind: "started" };
  readonly interval: number;
  readonly timeout: number;
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
};

export type UpdateSpec = {
  readonly strategy: "rolling" | "canary" | "blue-green";
  readonly maxParallel: number;
  readonly minHealthyTime: number;
  readonly healthyDeadline: number;
  readonly progressDeadline: number;
  readonly autoRevert: boolean;
  /** Instances of the new release that get traffic before the others are replaced; canary only. */
  readonly canary: number;
  /** How long the canary, or the whole new set of blue-green before the switch, must stay healthy. */
  readonly bake: number;
  /** Whether it goes on by itself after that; else a person promotes. */
  readonly autoPromote: boolean;
  /** How long the old set is kept, without traffic, so that going back is a switch. */
  readonly scaleDownDelay: number;
};

/** A release as the fleet sees it: by its number an immutable pair of image and configuration. */
export type FleetRelease = {
  readonly number: number;
  readonly image: Digest;
  /** Of an image for several machines, that for this one, which is what instances are started from. */
  readonly content?: Digest;
  readonly spec: ServiceSpec;
  /**
   * All other releases, earlier and later, whose instances are as good as this one's: the same image, and the same configuration as far as an instance can tell (a rollback makes such a release, another
   * number of replicas too). Their instances are kept and count as its own.
   */
  readonly alike?: readonly number[];
};

/** What the record says of a service. */
export type Desired = {
  readonly key: ServiceKey;
  /** The release of the last rollout that ended well: what lost or compromised instances are replaced from. Absent: none ever did. */
  readonly stable?: FleetRelease;
  /** The one rollout that has not ended. */
  readonly rollout?: Rollout;
  /** Images that failed here and that no person has lifted: nothing of them is ever started. */
  readonly quarantined: ReadonlySet<Digest>;
  /** Images that may not run any more: nothing of them is started; what runs of them serves until something else does. */
  readonly revoked: ReadonlySet<Digest>;
  /** The release that the last deploy replaced, and the moment of its end: its instances stay warm from then on. Milliseconds since 1970. Absent after a rollback, and after what ended badly. */
  readonly warm?: { readonly release: FleetRelease; readonly since: number };
};

/** Why a rollout came to be. `revert`: by itself, after one that failed. */
export type RolloutKind = "deploy" | "rollback" | "revert";

/** Milliseconds since 1970. `id`: the number of its first event. */
export type Rollout = {
  readonly id: number;
  readonly kind: RolloutKind;
  /** The release it replaces; absent: the service's first. */
  readonly from?: FleetRelease;
  readonly to: FleetRelease;
  readonly status: RolloutStatus;
  /** When the status was last changed. */
  readonly since: number;
  /** When it began, was resumed, went on to promote, or lost what waited for a person: the deadline of its progress counts from here, or from the last instance that became healthy. */
  readonly started: number;
  /** Of a paused one: what it goes on as. */
  readonly resumesAs?: Exclude<RolloutStatus, "paused">;
  /** A person has said that it goes on: nothing is waited for any more. */
  readonly isPromoted: boolean;
};

/**
 * `pending`: nothing was started yet; its image is made ready on the host. `running`: instances are replaced (all of rolling; the canary's first instances; the new set of blue-green). `baking`: what is new has to stay healthy for a while.
 * `awaiting-promotion`: a person has to say that it goes on. `promoting`: the rest is replaced, or traffic was switched. `paused`: nothing is started or stopped for it.
 */
export type RolloutStatus = "pending" | "running" | "baking" | "awaiting-promotion" | "promoting" | "paused";

/** An instance of a service as it is seen. Milliseconds since 1970. */
export type InstanceView = {
  readonly id: InstanceId;
  readonly release: number;
  readonly image: Digest;
  readonly started: number;
  /** `gone`: ended by itself, or it was destroyed from outside; only its remains are there. `frozen`: drift was found; it gets no traffic and is never started again. */
  readonly state: "starting" | "running" | "frozen" | "stopping" | "gone";
  readonly health: InstanceHealth;
  readonly traffic: InstanceTraffic;
  /** No proxy knows it, since its release has no `listen` or no `port`: it serves while it works. The plan asks this of releases that it does not know; of those in `Desired` it sees it. */
  readonly isUnaddressed?: boolean;
  /** It must be replaced, whatever its health: what was found. */
  readonly condemned?: { readonly why: "drift" | "debugged" | "revoked" | "restart"; readonly since: number };
};

/** `unknown`: not judged since this process began to look. `since`: without a break. */
export type InstanceHealth = { readonly status: "unknown" | "healthy" | "unhealthy"; readonly since: number };

/** `in`: gets requests. `draining`: finishes those under way. `out`: neither. */
export type InstanceTraffic = {
  readonly status: "in" | "draining" | "out";
  readonly since: number;
  /** Requests and connections under way, where that is known. */
  readonly sessions?: number;
};

/** One thing to do next. All steps of one plan may be done at once, but for `switch` and `record`, which have their place in the order. */
export type Step =
  | { readonly kind: "start"; readonly release: FleetRelease; readonly why: StartReason }
  /** New requests go to the one set from now on and to the other no more, in one move of the proxy. */
  | { readonly kind: "switch"; readonly admit: readonly InstanceId[]; readonly drain: readonly InstanceId[] }
  | { readonly kind: "stop"; readonly id: InstanceId; readonly why: StopReason }
  /** Something that happened and is kept: durable before the next step. */
  | { readonly kind: "record"; readonly fact: RolloutFact };

export type StartReason = "rollout" | "lost" | "unhealthy" | "drift" | "debugged" | "revoked" | "restart" | "scale";
export type StopReason =
  | "replaced"
  | "lost"
  | "unhealthy"
  | "failed-start"
  | "drift"
  | "debugged"
  | "revoked"
  | "restart"
  | "cancelled"
  | "quarantined"
  | "scale"
  | "removed";

/** What becomes of a rollout, for the record. */
export type RolloutFact =
  | { readonly kind: "moved"; readonly rollout: number; readonly to: Exclude<RolloutStatus, "paused" | "pending"> }
  | { readonly kind: "succeeded"; readonly rollout: number }
  /** `revert`: the release before is to come back, by a release of its own. */
  | { readonly kind: "failed"; readonly rollout: number; readonly why: string; readonly revert: boolean };

/** What to do now, and when to look again though nothing happens; milliseconds since 1970. */
export type Plan = {
  readonly steps: readonly Step[];
  readonly wake?: number;
  /** What stands in the way, for people: `release 4 has no image that may run: it is revoked`. */
  readonly notes: readonly string[];
};

/** What a plan is made of. `backoff`: no instance of that release is started before that moment, since those before it ended too soon. */
export type Situation = {
  readonly now: number;
  readonly desired: Desired;
  readonly instances: readonly InstanceView[];
  readonly backoff: ReadonlyMap<number, number>;
  /** The last moment at which an instance of the rollout's release became healthy; absent: none did. */
  readonly lastProgress?: number;
  /** When this process began to look: no deadline runs while nobody does, such as in a night in which the machine was off. Absent: always. */
  readonly began?: number;
  /** What the first start of the rollout's image waits for is being made: until then it is pending. */
  readonly isPreparing?: boolean;
};
