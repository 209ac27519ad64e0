import type { FleetRelease, InstanceView, ServiceSpec } from "../fleet.ts";

/**
 * What the plan makes of an instance.
 * - `gone`: only remains are there. `stopping`: is being stopped.
 * - `condemned`: gets no traffic from now on, even if it is the last: its content or memory is an attacker's, or none of its processes runs.
 * - `good`: serves. `poor`: serves until another one does in its place: unhealthy, or revoked, or entered by a person.
 * - `ready`: may get traffic. `unproven`: may become ready. `presumed`: of a service without traffic: was there before this process, and is not judged yet.
 * - `spent`: has no traffic and never gets any.
 */
export type Standing =
  | "gone"
  | "stopping"
  | "condemned"
  | "good"
  | "poor"
  | "ready"
  | "unproven"
  | "presumed"
  | "spent";

/**
 * `release`: what it is an instance of, where that is one of the two that count. `isProven`: that release is the stable one, so an instance need not prove more than that it is healthy. `target`: what is to run;
 * instances of a third release are given its times, since nothing else is known of them.
 */
export type StandingOptions = {
  readonly now: number;
  readonly release: FleetRelease | undefined;
  readonly target: FleetRelease | undefined;
  readonly isProven: boolean;
};

export function judgeStanding(view: InstanceView, options: StandingOptions): Standing {
  if (view.state === "gone" || view.state === "stopping") return view.state;
  if (view.state === "frozen" || view.condemned?.why === "drift") return "condemned";
  if (options.release === undefined) return judgeOther(view, options);
  if (!hasTraffic(options.release.spec)) return judgeUncounted(view, options.release.spec, options);
  if (view.traffic.status === "in") return isPoor(view) ? "poor" : "good";
  if (view.condemned !== undefined) return "spent";
  const { spec } = options.release;
  if (view.health.status === "healthy") return options.now >= provenAt(view, spec, options) ? "ready" : "unproven";
  return options.now >= failsAt(view, spec) ? "spent" : "unproven";
}

/** Whether requests reach the instances of a release through the service's address. */
export function hasTraffic(spec: ServiceSpec): boolean {
  return spec.listen !== undefined && spec.port !== undefined;
}

/** When a healthy instance has been so for long enough, if it stays so. */
export function provenAt(view: InstanceView, spec: ServiceSpec, options: { readonly isProven: boolean }): number {
  return view.health.since + (options.isProven ? 0 : spec.update.minHealthyTime);
}

/** When an instance that is not healthy has failed. What is not judged yet is given the whole time from when this process began to look. */
export function failsAt(view: InstanceView, spec: ServiceSpec): number {
  const from = view.health.status === "unknown" ? Math.max(view.started, view.health.since) : view.started;
  return from + spec.update.healthyDeadline;
}

/** An instance of a third release serves until it is replaced, and never begins to. Without traffic it serves while it works, and is given the target's times. */
function judgeOther(view: InstanceView, { now, target }: StandingOptions): Standing {
  if (view.traffic.status === "in") return isPoor(view) ? "poor" : "good";
  if (view.isUnaddressed !== true || target === undefined) return "spent";
  if (isPoor(view)) return "poor";
  const { status, since } = view.health;
  if (status === "healthy") return now >= since + target.spec.update.minHealthyTime ? "good" : "presumed";
  return now >= failsAt(view, target.spec) ? "spent" : "presumed";
}

/**
 * Without traffic an instance serves while it works: it is `in` once it has been healthy for long enough, and is taken out by being stopped. The proxy remembers nothing here, so one that ran before this process
 * looked is presumed to serve until that is known: nothing is started in its place, and nothing stopped for it.
 */
function judgeUncounted(view: InstanceView, spec: ServiceSpec, options: StandingOptions): Standing {
  const soonest = Math.max(options.isProven ? 0 : spec.update.minHealthyTime, 1000);
  const isPresumed = view.health.since - view.started >= soonest;
  if (view.condemned !== undefined) {
    // It keeps a place only where it has one.
    const isProven = view.health.status === "healthy" && options.now >= provenAt(view, spec, options);
    return isProven || isPresumed ? "poor" : "spent";
  }
  const waiting = isPresumed ? "presumed" : "unproven";
  switch (view.health.status) {
    case "healthy":
      return options.now >= provenAt(view, spec, options) ? "good" : waiting;
    case "unhealthy":
      if (options.now < failsAt(view, spec)) return "unproven";
      return options.isProven ? "poor" : "spent";
    case "unknown":
      return options.now >= failsAt(view, spec) ? "spent" : waiting;
  }
}

function isPoor(view: InstanceView): boolean {
  return view.condemned !== undefined || view.health.status === "unhealthy";
}
