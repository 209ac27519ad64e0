import type { InstanceId } from "../../runtime/runtime.ts";
import type { ServiceKey, StartReason } from "../fleet.ts";
import { openBackoff, type Backoff } from "./backoff.ts";

/** What an engine remembers of a service. All of it may be lost: it is then found out again. Moments are those of the local clock. */
export type ServiceMemory = {
  readonly key: ServiceKey;
  readonly backoff: Backoff;
  /** Being started, or waiting for their turn. */
  readonly starting: Map<InstanceId, Starting>;
  /** Being stopped. */
  readonly stopping: Set<InstanceId>;
  /** A stop that failed is tried again, not before that moment. */
  readonly stopAfter: Map<InstanceId, number>;
  /** Those that were there, and serving, when this process came. */
  readonly adopted: Set<InstanceId>;
  /** Of which it is known that the record has their start. */
  readonly recorded: Set<InstanceId>;
  /** When each became healthy, as long as it is. */
  readonly healthy: Map<InstanceId, number>;
  /** The last moment at which an instance became healthy, by the release. */
  readonly progress: Map<number, number>;
  /** Rollouts whose image was asked to be made ready. */
  readonly prepared: Map<number, "begun" | "done">;
  hasLooked: boolean;
};

export type Starting = {
  readonly release: number;
  readonly since: number;
  readonly why: StartReason;
  /** No more wanted before its turn came. */
  isDropped: boolean;
};

export function newMemory(key: ServiceKey): ServiceMemory {
  return {
    key,
    backoff: openBackoff(),
    starting: new Map(),
    stopping: new Set(),
    stopAfter: new Map(),
    adopted: new Set(),
    recorded: new Set(),
    healthy: new Map(),
    progress: new Map(),
    prepared: new Map(),
    hasLooked: false,
  };
}
