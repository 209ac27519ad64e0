import type { Digest } from "../../oci/digest.ts";
import type { InstanceId, InstanceSpec, InstanceState, Secret } from "../../runtime/runtime.ts";
import type {
  Desired,
  FleetRelease,
  InstanceView,
  Rollout,
  RolloutFact,
  ServiceKey,
  StartReason,
  Step,
  StopReason,
} from "../fleet.ts";
import type { SeenTraffic } from "../traffic/traffic.ts";

/** What runs, brought to what is wanted, for as long as it is open. */
export type Fleet = {
  /** Something is wanted otherwise: of one service, or of any. */
  readonly wake: (key?: ServiceKey) => void;
  /** Undefined: neither wanted nor running. */
  readonly status: (key: ServiceKey) => ServiceView | undefined;
  readonly list: () => readonly ServiceView[];
  /** What would be done for a release, in order, if all went well; nothing of it is done. */
  readonly foresee: (key: ServiceKey, release: FleetRelease) => readonly Step[];
  /** Takes an instance out of traffic at once, has it replaced, and destroys it once `until` is settled (a capture), at most 30 seconds later. May be repeated. */
  readonly condemn: (id: InstanceId, why: Condemned, until?: Promise<unknown>) => void;
  /** Somebody is at work in an instance: though the record condemns it, it is not touched until what is returned is called. */
  readonly spare: (id: InstanceId) => () => void;
  /** Replaces instances while the others serve, one after the other as the update of their service says. */
  readonly restart: (ids: readonly InstanceId[]) => void;
  /** Called when a condemned instance is gone and nothing is missing any more. */
  readonly onReplaced: (listener: (replaced: Replaced) => void) => void;
  /** Called after what runs of a service has changed: instances, their health, their release. */
  readonly onChange: (listener: (key: ServiceKey) => void) => void;
  /** Resolves when nothing is under way; all goes on running. */
  readonly close: () => Promise<void>;
};

export type Condemned = NonNullable<InstanceView["condemned"]>["why"];

/** `by`: the instance that was started in its place, where one was. `milliseconds`: since it was condemned. */
export type Replaced = {
  readonly key: ServiceKey;
  readonly id: InstanceId;
  readonly why: Condemned;
  readonly by?: InstanceId;
  readonly milliseconds: number;
};

/** A service as it is now. */
export type ServiceView = {
  readonly key: ServiceKey;
  /** Numbers of releases. */
  readonly stable?: number;
  readonly rollout?: Rollout;
  readonly replicas: number;
  /** `127.0.0.1:8088`; absent: it serves nobody by an address of the host. */
  readonly listen?: string;
  readonly instances: readonly ServiceInstance[];
  readonly traffic?: SeenTraffic;
  /** What stands in the way, for people. */
  readonly notes: readonly string[];
  /** Whether nothing is left to be done. */
  readonly isSettled: boolean;
};

export type ServiceInstance = InstanceView & {
  readonly address?: string;
  readonly port?: number;
  /** The last failed check: `GET / answered 500`. */
  readonly failure?: string;
  readonly end?: NonNullable<InstanceState["end"]>;
};

/** What the engine asks of who keeps the record. */
export type FleetRecord = {
  /** Every service that is to run, or ever was. */
  readonly services: () => readonly ServiceKey[];
  readonly wanted: (key: ServiceKey) => Wanted;
  /** Makes the image of a release ready on this host, which may take a while. Throws what `order` does. */
  readonly prepare: (key: ServiceKey, release: number) => Promise<void>;
  /** What an instance of a release is started from, its image made ready; asked anew for each start. Throws where it may not be started, or something for it is missing. */
  readonly order: (key: ServiceKey, release: number) => Promise<StartOrder>;
  /** Durable when it resolves. What is not so any more (a rollout that has ended meanwhile) is passed over. */
  readonly record: (key: ServiceKey, fact: FleetFact) => Promise<void>;
  /** The clock of the record, milliseconds since 1970. */
  readonly now: () => number;
};

/** What the record says of a service. */
export type Wanted = {
  readonly desired: Desired;
  /** Instances that were started and of whose end nothing is known. */
  readonly living: readonly {
    readonly id: InstanceId;
    readonly release: number;
    readonly condemned?: { readonly why: Condemned; readonly since: number };
  }[];
  /** Undefined: there is no such release, or none that could run. */
  readonly releaseOf: (number: number) => FleetRelease | undefined;
};

/** `id` and `labels` are the engine's. */
export type StartOrder = {
  readonly spec: Omit<InstanceSpec, "id" | "labels">;
  readonly secrets?: readonly Secret[];
};

/** What happened, for the record. */
export type FleetFact =
  | RolloutFact
  | {
      readonly kind: "started";
      readonly instance: InstanceId;
      readonly release: number;
      readonly image: Digest;
      readonly why: StartReason | "adopted";
      readonly milliseconds: number;
      readonly content?: string;
    }
  | {
      readonly kind: "ended";
      readonly instance: InstanceId;
      readonly release: number;
      readonly why: StopReason;
      readonly end?: NonNullable<InstanceState["end"]>;
    }
  | { readonly kind: "alarm"; readonly alarm: FleetAlarm; readonly message: string }
  | { readonly kind: "cleared"; readonly alarm: FleetAlarm };

/** What can be raised by the engine itself. */
export type FleetAlarm =
  | "start-failed"
  | "stop-failed"
  | "traffic-failed"
  | "observation-failed"
  | "configuration-unusable";

export const serviceLabels = {
  environment: "dev.ingot.environment",
  service: "dev.ingot.service",
  release: "dev.ingot.release",
} as const;
