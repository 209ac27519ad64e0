import type { HealthCheck, ServiceSpec, UpdateSpec } from "../../fleet/fleet.ts";
import { IngotError } from "../../ground/error.ts";
import { parseListenAddress, type ListenAddress } from "../../ground/listen-address.ts";
import { readDuration } from "../../project/scalars.ts";
import type { Release } from "../state/releases.ts";
import { unusable, type ServiceConfiguration } from "./service-configuration.ts";

/** How a release runs. `port`: of its image, where it has one. Throws `configuration-unusable`. */
export function serviceSpec(
  release: Pick<Release, "service" | "environment" | "number">,
  configuration: ServiceConfiguration,
  port: number | undefined,
): ServiceSpec {
  const { replicas, listen, health, update, mode, drain, grace, hold } = configuration;
  if (listen !== undefined && port === undefined)
    throw unusable(release, `it listens on ${listen}, and its image has no port`);
  return {
    replicas,
    ...(listen === undefined ? {} : { listen: { ...listenAddress(release, listen), mode } }),
    ...(port === undefined ? {} : { port }),
    health: healthCheck(release, health, port),
    update: updateSpec(update),
    drain: readDuration(drain),
    grace: readDuration(grace),
    hold: readDuration(hold),
  };
}

/** What no proxy could be given would be found out when it is: with the release rolled out, and no way back by the same proxy. */
function listenAddress(release: Pick<Release, "service" | "environment" | "number">, listen: string): ListenAddress {
  try {
    const address = parseListenAddress(listen);
    if (address.port > 0) return address;
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
  }
  throw unusable(release, `${listen} is no address and port to listen on`);
}

/** As the schema has them. */
const usual = { interval: 1000, timeout: 1000, healthyAfter: 2, unhealthyAfter: 3 };

/** Without a word about health: a port takes connections, and what has no port runs. */
function healthCheck(
  release: Pick<Release, "service" | "environment" | "number">,
  health: ServiceConfiguration["health"],
  port: number | undefined,
): HealthCheck {
  if (health === undefined) return { probe: { kind: port === undefined ? "started" : "tcp" }, ...usual };
  const probe = probeOf(health);
  if (probe.kind !== "run" && port === undefined)
    throw unusable(release, "its health is asked at a port, and its image has none");
  return {
    probe,
    interval: readDuration(health.interval),
    timeout: readDuration(health.timeout),
    healthyAfter: health.healthy_after,
    unhealthyAfter: health.unhealthy_after,
  };
}

function probeOf({ get, run }: NonNullable<ServiceConfiguration["health"]>): HealthCheck["probe"] {
  if (get !== undefined) return { kind: "http", path: get };
  return run === undefined ? { kind: "tcp" } : { kind: "run", command: run };
}

function updateSpec(update: ServiceConfiguration["update"]): UpdateSpec {
  return {
    strategy: update.strategy,
    maxParallel: update.max_parallel,
    minHealthyTime: readDuration(update.min_healthy_time),
    healthyDeadline: readDuration(update.healthy_deadline),
    progressDeadline: readDuration(update.progress_deadline),
    autoRevert: update.auto_revert,
    canary: update.canary,
    bake: readDuration(update.bake),
    autoPromote: update.auto_promote,
    scaleDownDelay: readDuration(update.scale_down_delay),
  };
}
