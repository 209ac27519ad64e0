import type { Plan, RolloutFact, Step } from "../../fleet.ts";
import { applyFact } from "../apply-fact.ts";
import { tellStep } from "../describe-plan.ts";
import { checkBackoff, checkFact, checkStart, checkStop, checkSwitch } from "./check-step.ts";
import { makeInstance, onGrid } from "./model-instance.ts";
import { noteProof } from "./time.ts";
import { killController, note, rememberFailure, type World } from "./world.ts";

/** Does what the plan says, step by step, and looks at each. Where the controller is killed on the way, the rest is not done. */
export function applyPlan(world: World, plan: Plan, killChance: number): void {
  noteProof(world);
  checkBackoff(world, plan);
  for (const step of plan.steps) {
    applyStep(world, step);
    if (world.random.chance(killChance)) {
      killController(world);
      return;
    }
  }
}

function applyStep(world: World, step: Step): void {
  note(world, `  ${tellStep(step)}`);
  switch (step.kind) {
    case "start":
      return startInstance(world, step);
    case "switch":
      return switchTraffic(world, step);
    case "stop":
      return stopInstance(world, step);
    case "record":
      return recordFact(world, step.fact);
  }
}

function startInstance(world: World, step: Extract<Step, { kind: "start" }>): void {
  checkStart(world, step);
  const nature = world.natures.get(step.release.number) ?? "fine";
  const id = `i${world.nextInstance++}-${step.release.number}`;
  world.instances.push(makeInstance(id, step.release, { now: world.now, nature, random: world.random }));
}

function switchTraffic(world: World, step: Extract<Step, { kind: "switch" }>): void {
  checkSwitch(world, step);
  for (const one of world.instances) {
    if (step.admit.includes(one.id)) one.traffic = { status: "in", since: world.now };
    if (!step.drain.includes(one.id)) continue;
    one.traffic = { status: "draining", since: world.now };
    // Some requests take longer than the time they are given.
    one.drained = world.now + world.random.pick([0, 200, 2500, 60_000]);
  }
}

function stopInstance(world: World, step: Extract<Step, { kind: "stop" }>): void {
  const one = checkStop(world, step);
  if (step.why === "failed-start") rememberFailure(world, one.release);
  one.isStopSeen = true;
  if (one.isGone) world.instances = world.instances.filter((other) => other !== one);
  one.stops = onGrid(world.now + world.random.pick([5, 300, 1000]));
  one.traffic = { status: "out", since: world.now };
}

/** The controller's part: what happened is put on the record, and what it means is wanted from then on. */
function recordFact(world: World, fact: RolloutFact): void {
  checkFact(world, fact);
  const { rollout } = world.desired;
  world.desired = applyFact(world.desired, fact, world.now);
  if (fact.kind === "succeeded" && rollout !== undefined) world.formerlyStable.push(rollout.to);
  if (fact.kind === "failed") world.revertDue = fact.revert;
}
