/** What becomes of releases once they are to run. `service` and `environment` are in each, so that a service's history is found. */
export type FleetEvents = {
  /** One release is to replace another. Its number is the rollout's id. */
  readonly "rollout.created": ServiceOf & {
    readonly release: number;
    /** Digest. */
    readonly image: string;
    readonly kind: "deploy" | "rollback" | "revert";
    readonly strategy: "rolling" | "canary" | "blue-green";
    /** The release that it replaces; absent: the first. */
    readonly from?: number;
  };
  readonly "rollout.moved": RolloutOf & { readonly to: "running" | "baking" | "awaiting-promotion" | "promoting" };
  readonly "rollout.paused": RolloutOf & { readonly reason: string };
  readonly "rollout.resumed": RolloutOf;
  /** A person has said that it goes on. */
  readonly "rollout.promoted": RolloutOf;
  readonly "rollout.succeeded": RolloutOf & { readonly milliseconds: number };
  readonly "rollout.failed": RolloutOf & { readonly why: string };
  /** By a person, or by a newer release that took over. */
  readonly "rollout.cancelled": RolloutOf & { readonly reason: string; readonly supersededBy?: number };
  /** An image that failed: it is not started there again until a person lifts it. */
  readonly "image.quarantined": ServiceOf & { readonly image: string; readonly why: string; readonly rollout: number };
  readonly "quarantine.lifted": ServiceOf & { readonly image: string; readonly reason: string };
  readonly "instance.started": InstanceOf & {
    readonly release: number;
    readonly image: string;
    readonly why: string;
    readonly milliseconds: number;
    /** SHA-256 of the content that it runs from; absent for drivers that have another. */
    readonly content?: string;
  };
  readonly "instance.ended": InstanceOf & {
    readonly release: number;
    readonly why: string;
    readonly code?: number;
    readonly signal?: string;
    readonly isOutOfMemory?: boolean;
  };
  /** What should be and cannot be: it is told, and nothing more can be done without a person. */
  readonly "alarm.raised": ServiceOf & { readonly alarm: string; readonly message: string };
  readonly "alarm.cleared": ServiceOf & { readonly alarm: string };
};

type ServiceOf = { readonly environment: string; readonly service: string };
type RolloutOf = ServiceOf & { readonly rollout: number; readonly release: number };
type InstanceOf = ServiceOf & { readonly instance: string };
