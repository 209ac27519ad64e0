import type { InstanceId } from "../../runtime/runtime.ts";
import type { Desired, FleetRelease, InstanceView, Step } from "../fleet.ts";
import { applyFact } from "../plan/apply-fact.ts";
import { planService } from "../plan/plan-service.ts";

/** More steps than any rollout has: plans are for people. */
const mostPlans = 20_000;

/** What the rollout of a release would do in a world in which every instance starts at once and stays healthy. */
export function foreseeRollout(
  desired: Desired,
  release: FleetRelease,
  seen: { readonly now: number; readonly instances: readonly InstanceView[] },
): readonly Step[] {
  let { now } = seen;
  let instances: readonly InstanceView[] = seen.instances;
  let wanted: Desired = { ...desired, rollout: pendingRollout(desired, release, now) };
  const steps: Step[] = [];
  for (let count = 0; count < mostPlans; count += 1) {
    const plan = planService({ now, desired: wanted, instances, backoff: new Map() });
    for (const step of plan.steps) {
      steps.push(step);
      instances = applyStep(instances, step, { now, next: steps.length });
      if (step.kind === "record") wanted = applyFact(wanted, step.fact, now);
    }
    if (plan.steps.length > 0) continue;
    if (wanted.rollout?.status === "awaiting-promotion")
      wanted = { ...wanted, rollout: { ...wanted.rollout, isPromoted: true } };
    else if (plan.wake === undefined) return steps;
    else now = plan.wake;
  }
  return steps;
}

function pendingRollout({ stable }: Desired, to: FleetRelease, now: number): NonNullable<Desired["rollout"]> {
  return {
    id: 0,
    kind: "deploy",
    ...(stable === undefined ? {} : { from: stable }),
    to,
    status: "pending",
    since: now,
    started: now,
    isPromoted: false,
  };
}

function applyStep(
  instances: readonly InstanceView[],
  step: Step,
  { now, next }: { readonly now: number; readonly next: number },
): readonly InstanceView[] {
  switch (step.kind) {
    case "start": {
      const { number, image } = step.release;
      const id = `new-${next}` as InstanceId;
      const health = { status: "healthy", since: now } as const;
      const traffic = { status: "out", since: now } as const;
      return [...instances, { id, release: number, image, started: now, state: "running", health, traffic }];
    }
    case "stop":
      return instances.filter(({ id }) => id !== step.id);
    case "switch":
      return instances.map((one) => {
        if (step.admit.includes(one.id)) return { ...one, traffic: { status: "in", since: now } };
        if (!step.drain.includes(one.id)) return one;
        return { ...one, traffic: { status: "draining", since: now, sessions: 0 } };
      });
    case "record":
      return instances;
  }
}
