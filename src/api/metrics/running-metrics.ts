import type { ServiceView } from "../../fleet/engine/engine.ts";
import type { GuardStatus } from "../../guard/guard.ts";
import type { Makers } from "./metrics.ts";

const service = ["environment", "service"] as const;

/** Services and their instances, and what their proxies count. */
export function sayFleet({ gauge, counter }: Makers): (services: readonly ServiceView[]) => void {
  const wanted = gauge("ingot_service_replicas", "Instances that a service is to have.", service);
  const settled = gauge("ingot_service_settled", "1 where nothing is left to be done for a service.", service);
  const instances = gauge("ingot_instances", "Instances of a service.", [
    ...service,
    "release",
    "state",
    "health",
    "traffic",
  ]);
  const requests = counter("ingot_traffic_requests", "Requests, or connections of a service of mode tcp.", service);
  const failed = counter("ingot_traffic_failed", "Requests that the proxy could not have answered.", service);
  const held = counter("ingot_traffic_held", "Requests that were held while nothing was healthy.", service);
  const proxy = gauge("ingot_traffic_serving", "1 where the proxy of a service runs.", service);
  return (views) => {
    for (const { key, replicas, isSettled, traffic, instances: all } of views) {
      wanted.set(key, replicas);
      settled.set(key, isSettled ? 1 : 0);
      for (const [labels, count] of countAlike(all)) instances.set({ ...key, ...labels }, count);
      if (traffic === undefined) continue;
      proxy.set(key, traffic.isServing ? 1 : 0);
      requests.set(key, traffic.counters.requests);
      failed.set(key, traffic.counters.failed);
      held.set(key, traffic.counters.held);
    }
  };
}

/** Without the ids, which would make a series of every instance that ever was. */
function countAlike(
  instances: ServiceView["instances"],
): readonly (readonly [Readonly<Record<string, string>>, number])[] {
  const counts = new Map<string, number>();
  for (const { release, state, health, traffic } of instances) {
    const labels = JSON.stringify({ release: String(release), state, health: health.status, traffic: traffic.status });
    counts.set(labels, (counts.get(labels) ?? 0) + 1);
  }
  return [...counts].map(([labels, count]) => [JSON.parse(labels) as Record<string, string>, count]);
}

/** Whether the guard sees what it should. */
export function sayGuard({ gauge, counter }: Makers): (status: GuardStatus) => void {
  const awake = gauge("ingot_guard_awake", "1 where the guard sees its own test executions.", []);
  const sensors = gauge("ingot_guard_sensor", "1 for the state that a sensor is in.", ["sensor", "state"]);
  const watched = gauge("ingot_guard_watched_instances", "Instances that are watched.", []);
  const executions = counter("ingot_guard_executions", "Executions that were seen and judged.", []);
  const lost = counter("ingot_guard_lost", "Events that the kernel had no room for.", []);
  const breaker = gauge(
    "ingot_guard_breaker_open",
    "1 where a circuit breaker keeps the guard from freezing instances.",
    service,
  );
  return (status) => {
    awake.set({}, status.isAwake ? 1 : 0);
    for (const { name, state } of status.sensors) sensors.set({ sensor: name, state }, 1);
    watched.set({}, status.watched);
    executions.set({}, status.executions);
    lost.set({}, status.lost);
    for (const one of status.breaker)
      breaker.set({ environment: one.environment, service: one.service }, one.state === "open" ? 1 : 0);
  };
}
