import { urlHost } from "../../ground/listen-address.ts";
import type { Plan, ServiceSpec } from "../fleet.ts";
import type { ServiceInstance, ServiceView, Wanted } from "./engine.ts";
import type { Service } from "./service.ts";

export type Seen = {
  readonly wanted: Wanted;
  readonly instances: readonly ServiceInstance[];
  readonly plan: Plan;
};

/** What is told of a service, as a pass has found it. */
export function viewService(
  { key, traffic, alarms }: Pick<Service, "key" | "traffic" | "alarms">,
  seen: Seen,
): ServiceView {
  const { wanted, instances, plan } = seen;
  const { stable, rollout } = wanted.desired;
  const spec = (rollout?.to ?? stable)?.spec;
  const proxy = traffic.seen();
  return {
    key,
    ...releasesOf(wanted),
    replicas: spec?.replicas ?? 0,
    ...listenOf(spec),
    instances,
    ...(proxy === undefined ? {} : { traffic: proxy }),
    notes: [...plan.notes, ...alarms.untold()],
    isSettled:
      rollout === undefined &&
      plan.steps.length === 0 &&
      (spec?.listen === undefined || proxy?.isServing === true) &&
      isAllThere(instances, spec?.replicas ?? 0),
  };
}

function releasesOf({ desired: { stable, rollout } }: Wanted): Pick<ServiceView, "stable" | "rollout"> {
  return {
    ...(stable === undefined ? {} : { stable: stable.number }),
    ...(rollout === undefined ? {} : { rollout }),
  };
}

function listenOf(spec: ServiceSpec | undefined): Pick<ServiceView, "listen"> {
  if (spec?.listen === undefined) return {};
  const { host, port } = spec.listen;
  return { listen: `${urlHost(host)}:${port}` };
}

function isAllThere(instances: readonly ServiceInstance[], replicas: number): boolean {
  const isRunning = instances.every(({ state }) => state === "running");
  return isRunning && instances.filter(({ health }) => health.status === "healthy").length >= replicas;
}
