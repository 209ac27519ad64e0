import type { Context } from "../../ground/context.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { ServiceKey } from "../fleet.ts";
import type { HealthWatch } from "../health/health.ts";
import type { AlarmBell } from "./alarm-bell.ts";
import type { Dooms } from "./dooms.ts";
import type { FleetRecord, ServiceView, Wanted } from "./engine.ts";
import type { LocalClock } from "./local-clock.ts";
import type { Replacements } from "./replacements.ts";
import type { ServiceMemory } from "./service-memory.ts";
import type { ServiceTraffic } from "./service-traffic.ts";
import type { SharedList } from "./shared-list.ts";
import type { StartPool } from "./start-pool.ts";
import type { WatchedHealth } from "./watched-health.ts";

/** One service, and all that its passes work with. */
export type Service = Host & {
  readonly key: ServiceKey;
  readonly memory: ServiceMemory;
  readonly traffic: ServiceTraffic;
  readonly alarms: AlarmBell;
  readonly replacements: Replacements;
  /** As the last pass had them. */
  wanted?: Wanted;
  view?: ServiceView;
  /** Another pass, soon. */
  readonly wake: () => void;
};

/** What all services of a host share. */
export type Host = {
  readonly ctx: Context;
  readonly runtime: Runtime;
  readonly record: FleetRecord;
  readonly clock: LocalClock;
  readonly pool: StartPool;
  readonly states: SharedList;
  readonly dooms: Dooms;
  readonly health: HealthWatch;
  readonly checks: WatchedHealth;
  /** Work that goes on beside the passes; `close` waits for it. */
  readonly background: (work: Promise<void>) => void;
  readonly isClosed: () => boolean;
};
