import type { Plan, RolloutFact, StartReason, Step } from "../fleet.ts";

/** A plan as people read it: a line a step, in their order, then what stands in the way, then when it is looked at again. `now`: milliseconds since 1970. */
export function printPlan(plan: Plan, now: number): readonly string[] {
  const nothing = plan.steps.length === 0 ? ["nothing is to be done"] : [];
  const wake =
    plan.wake === undefined ? [] : [`looked at again in ${tellTime(plan.wake - now)}, or when something happens`];
  return [...nothing, ...tellSteps(plan.steps), ...plan.notes.map((note) => `note: ${note}`), ...wake];
}

/** One step in words. */
export function tellStep(step: Step): string {
  switch (step.kind) {
    case "start":
      return tellStart(step, 1);
    case "switch":
      return `switch traffic: ${tellIds("in", step.admit)}${step.admit.length > 0 && step.drain.length > 0 ? ", " : ""}${tellIds("out", step.drain)}`;
    case "stop":
      return `stop ${step.id} (${step.why})`;
    case "record":
      return `record: ${tellFact(step.fact)}`;
  }
}

/** Starts that are alike are one line, so that a plan for a thousand instances can be read. */
function tellSteps(steps: readonly Step[]): readonly string[] {
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const step of steps) {
    const line = tellStep(step);
    if (step.kind !== "start") lines.push(line);
    else if (!seen.has(line)) lines.push(tellStart(step, steps.filter((one) => tellStep(one) === line).length));
    seen.add(line);
  }
  return lines;
}

function tellStart({ release, why }: Extract<Step, { kind: "start" }>, count: number): string {
  const what = count === 1 ? "an instance" : `${count} instances`;
  return `start ${what} of release ${release.number} (${tellReason(why)})`;
}

function tellReason(why: StartReason): string {
  const words: Readonly<Record<StartReason, string>> = {
    rollout: "for the rollout",
    lost: "one is missing",
    unhealthy: "in place of an unhealthy one",
    drift: "in place of one that drifted",
    debugged: "in place of one that a person entered",
    revoked: "in place of one that is revoked",
    restart: "in place of one that a person wants replaced",
    scale: "more are wanted",
  };
  return words[why];
}

function tellIds(way: "in" | "out", ids: readonly string[]): string {
  return ids.length === 0 ? "" : `${way} ${ids.join(" ")}`;
}

function tellFact(fact: RolloutFact): string {
  switch (fact.kind) {
    case "moved":
      return `the rollout is ${fact.to}`;
    case "succeeded":
      return "the rollout succeeded";
    case "failed":
      return `the rollout failed: ${fact.why}${fact.revert ? "; the release before comes back" : ""}`;
  }
}

function tellTime(milliseconds: number): string {
  return `${Math.max(0, milliseconds / 1000)} s`;
}
