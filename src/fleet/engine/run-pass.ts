import type { InstanceState } from "../../runtime/runtime.ts";
import type { Plan, ServiceSpec, Step } from "../fleet.ts";
import { planService } from "../plan/plan-service.ts";
import type { ServiceInstance, Wanted } from "./engine.ts";
import { serviceLabels } from "./engine.ts";
import { longLife } from "./backoff.ts";
import { keepRecord } from "./keep-record.ts";
import { localDesired } from "./local-desired.ts";
import { isPreparing } from "./prepare-image.ts";
import type { Service } from "./service.ts";
import type { Frame } from "./service-traffic.ts";
import { beginStart } from "./start-instance.ts";
import { beginStop } from "./stop-instance.ts";
import { viewInstances } from "./view-instances.ts";
import { viewService } from "./view-service.ts";
import { checksOf } from "./watched-health.ts";

/** `again`: what was done may have made more to do. `wake`: when to look again though nothing happens; milliseconds of the local clock. */
export type PassEnd = { readonly again: boolean; readonly wake?: number };

/** Observes, plans, applies, once. What fails is an alarm, and is tried again by a later pass. */
export async function runPass(service: Service): Promise<PassEnd> {
  const wanted = service.record.wanted(service.key);
  service.wanted = wanted;
  const underWay = { starting: new Map(service.memory.starting), stopping: new Set(service.memory.stopping) };
  const states = ownStates(service, await service.states.look());
  noteFirstLook(service, states);
  await refreshTraffic(service, frameOf(wanted, states));
  markAdopted(service, states);
  service.checks.set(nameOf(service), checksOf(states, { wanted, memory: service.memory }));
  const instances = viewInstances(states, {
    wanted,
    // What was under way when the list was begun may have ended since, and the list not know of it.
    starting: new Map([...underWay.starting, ...service.memory.starting]),
    stopping: new Set([...underWay.stopping, ...service.memory.stopping]),
    dooms: service.dooms,
    clock: service.clock,
    healthOf: (id) => service.health.of(id),
    trafficOf: (id) => service.traffic.of(id),
    failureOf: (id) => service.health.lastFailure(id),
  });
  await keepRecord(service, { wanted, states });
  service.replacements.note(instances);
  noteHealth(service, instances);
  const plan = planOf(service, wanted, instances);
  service.view = viewService(service, { wanted, instances, plan });
  const again = await applySteps(service, plan.steps, instances);
  await clearAlarms(service);
  service.replacements.tell(service.view);
  return { again, ...(plan.wake === undefined ? {} : { wake: plan.wake }) };
}

/** Where all is as it should be, nothing that failed on the way there matters any more: what could not be started may not be wanted now. */
async function clearAlarms({ alarms, view, memory }: Service): Promise<void> {
  await alarms.clear("observation-failed");
  if (view?.isSettled !== true) return;
  memory.backoff.allStarted();
  await alarms.clear("start-failed");
  await alarms.clear("stop-failed");
}

/** Without a proxy the rest goes on: what is lost is started again, and nobody is stopped that serves. */
async function refreshTraffic({ traffic, alarms }: Service, frame: Frame | undefined): Promise<void> {
  try {
    await traffic.refresh(frame);
    await alarms.clear("traffic-failed");
  } catch (error) {
    await alarms.raise("traffic-failed", error);
  }
}

function ownStates({ key }: Service, states: readonly InstanceState[]): readonly InstanceState[] {
  return states.filter(
    ({ labels }) =>
      labels?.[serviceLabels.environment] === key.environment && labels[serviceLabels.service] === key.service,
  );
}

function nameOf({ key }: Service): string {
  return `${key.environment}/${key.service}`;
}

function noteFirstLook({ memory }: Service, states: readonly InstanceState[]): void {
  if (memory.hasLooked) return;
  for (const { id } of states) memory.adopted.add(id);
}

/** Of those that were there, the ones that serve count as healthy until a check says otherwise. Where nobody knows who serves, all that ran do. */
function markAdopted({ memory, traffic }: Service, states: readonly InstanceState[]): void {
  if (memory.hasLooked) return;
  memory.hasLooked = true;
  if (traffic.seen() === undefined) return;
  for (const { id } of states) if (traffic.of(id).status !== "in") memory.adopted.delete(id);
}

/** The stable release says where traffic comes in, until another one is stable; the first one for itself. */
function frameOf({ desired }: Wanted, states: readonly InstanceState[]): Frame | undefined {
  const { stable, rollout } = desired;
  const spec = [stable?.spec, rollout?.to.spec].find((one) => one?.listen !== undefined);
  if (spec?.listen === undefined) return undefined;
  const servers = states.flatMap(({ id, address, port, status }) =>
    address === undefined || port === undefined || status === "exited" ? [] : [{ id, address, port }],
  );
  return { proxy: { listen: spec.listen, hold: spec.hold, ...checkOf(spec) }, servers, drain: spec.drain };
}

function checkOf({ health }: ServiceSpec): Pick<Frame["proxy"], "check"> {
  const { probe, interval } = health;
  return probe.kind === "http" ? { check: { path: probe.path, interval } } : {};
}

/** When each became healthy, for the deadline of progress and for the end of a backoff. */
function noteHealth({ memory, clock }: Service, instances: readonly ServiceInstance[]): void {
  for (const { id, release, health } of instances) {
    if (health.status !== "healthy") {
      memory.healthy.delete(id);
      continue;
    }
    const since = memory.healthy.get(id);
    if (since === undefined) {
      memory.healthy.set(id, clock.now());
      memory.progress.set(release, clock.now());
    } else if (clock.now() - since > longLife) memory.backoff.lived(release);
  }
  const present = new Set(instances.map(({ id }) => id));
  for (const id of memory.healthy.keys()) if (!present.has(id)) memory.healthy.delete(id);
}

function planOf(service: Service, wanted: Wanted, instances: readonly ServiceInstance[]): Plan {
  const { memory, clock } = service;
  const desired = localDesired(wanted.desired, clock);
  const { rollout } = desired;
  const numbers = rollout === undefined ? [] : [rollout.to.number, ...(rollout.to.alike ?? [])];
  const progress = numbers.flatMap((number) => memory.progress.get(number) ?? []);
  return planService({
    now: clock.now(),
    desired,
    instances,
    backoff: memory.backoff.until(),
    began: clock.began,
    isPreparing: isPreparing(service, rollout),
    ...(progress.length === 0 ? {} : { lastProgress: Math.max(...progress) }),
  });
}

/** In their order. Whoever waits for nothing (starts, stops) goes on beside the passes. Returns whether what was done changes what is to be done. */
async function applySteps(
  service: Service,
  steps: readonly Step[],
  instances: readonly ServiceInstance[],
): Promise<boolean> {
  let again = false;
  for (const step of steps) {
    switch (step.kind) {
      case "start":
        service.replacements.begin(beginStart(service, step.release, step.why), step.why);
        break;
      case "stop": {
        const view = instances.find(({ id }) => id === step.id);
        if (view !== undefined) beginStop(service, view, step.why);
        break;
      }
      case "switch":
        // What comes after it rests on it.
        if (!(await switchTraffic(service, step))) return false;
        again = true;
        break;
      case "record":
        await service.record.record(service.key, step.fact);
        again = true;
        break;
    }
  }
  return again;
}

/** Returns whether it was done. */
async function switchTraffic(
  { traffic, alarms }: Service,
  { admit, drain }: Extract<Step, { kind: "switch" }>,
): Promise<boolean> {
  try {
    await traffic.move([
      ...admit.map((id) => ({ id, status: "in" }) as const),
      ...drain.map((id) => ({ id, status: "draining" }) as const),
    ]);
    return true;
  } catch (error) {
    await alarms.raise("traffic-failed", error);
    return false;
  }
}
