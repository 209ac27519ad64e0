import type { InstanceId } from "../../runtime/runtime.ts";
import type { InstanceTraffic, ServiceKey } from "../fleet.ts";

/** What a service's proxy is to be: all of it, whatever it was before. Times in milliseconds. */
export type WantedTraffic = {
  readonly listen: { readonly host: string; readonly port: number; readonly mode: "http" | "tcp" };
  /** How long a request waits while no instance is there to take it. */
  readonly hold: number;
  /** The proxy's own check, which goes on when the controller does not; absent: whether the port takes connections. */
  readonly check?: { readonly path: string; readonly interval: number };
  readonly servers: readonly {
    readonly id: InstanceId;
    readonly address: string;
    readonly port: number;
    readonly status: InstanceTraffic["status"];
  }[];
};

/** What a service's proxy is. `isServing`: the process runs and listens. */
export type SeenTraffic = {
  readonly key: ServiceKey;
  readonly isServing: boolean;
  readonly servers: readonly {
    readonly id: InstanceId;
    readonly status: InstanceTraffic["status"];
    readonly sessions: number;
  }[];
  /** Since the proxy began: for metrics. */
  readonly counters: { readonly requests: number; readonly failed: number; readonly held: number };
};

/** The proxies of a home, one for each service that listens. They outlive this process and are found again. */
export type Traffic = {
  /**
   * Brings a service's proxy to what is wanted; starts it where it does not run. May be repeated: what is so already costs nothing. Servers that go from `out` to `in` do so before any goes the other way.
   * Throws `listen-failed` where another program has the address, `command-missing` without HAProxy.
   */
  readonly apply: (key: ServiceKey, wanted: WantedTraffic) => Promise<void>;
  /** Undefined: the service has no proxy. */
  readonly look: (key: ServiceKey) => Promise<SeenTraffic | undefined>;
  readonly list: () => Promise<readonly ServiceKey[]>;
  /** Ends the proxy once its connections are done, at most after `drain` milliseconds. */
  readonly remove: (key: ServiceKey, options: { readonly drain: number }) => Promise<void>;
};
