import assert from "node:assert/strict";
import { planService } from "../plan-service.ts";
import { applyPlan } from "./apply-plan.ts";
import { checkIdle, checkNothingMissed, checkSettled } from "./check-rest.ts";
import { revokeSomething, strikeInstance } from "./faults.ts";
import { actAsPerson, cancel, deploy, goBack, promote, resume } from "./people.ts";
import { makeRandom } from "./random.ts";
import { nextMoment, noteProof, passTime } from "./time.ts";
import { killController, note, situationOf, type World } from "./world.ts";

/** Faults and people come within this time; after it the model is left alone, and has to come to rest. Milliseconds. */
const unrest = 120_000;
const horizon = 1_500_000;

/** What is to happen, and when. */
export type Coming = { readonly at: number; readonly happen: (world: World) => void };

/** One random history of a service. Throws with its whole trace where a rule is broken. */
export function simulate(seed: number): World {
  const world = makeWorld(seed);
  const { random } = world;
  const coming = plotHistory(world);
  coming.unshift({ at: 0, happen: () => deploy(world, random.chance(0.8) ? "fine" : undefined) });
  runHistory(world, { coming, killChance: random.pick([0, 0, 0.02, 0.15]) });
  return world;
}

export function makeWorld(seed: number): World {
  return {
    seed,
    random: makeRandom(seed),
    now: 0,
    desired: { key: { environment: "production", service: "web" }, quarantined: new Set(), revoked: new Set() },
    instances: [],
    natures: new Map(),
    releases: [],
    formerlyStable: [],
    revertDue: false,
    nextEvent: 1,
    nextInstance: 1,
    memory: { failures: new Map(), backoff: new Map() },
    trace: [],
  };
}

/** What is to happen, in its order, and how likely the controller is killed after a step. */
export function runHistory(world: World, history: { readonly coming: Coming[]; readonly killChance: number }): void {
  try {
    runWorld(world, history);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`seed ${world.seed}: ${message}\n${world.trace.join("\n")}`, { cause });
  }
}

function runWorld(world: World, { coming, killChance }: { coming: Coming[]; killChance: number }): void {
  while (!isAtEnd(world)) {
    while (coming[0] !== undefined && coming[0].at <= world.now) coming.shift()?.happen(world);
    if (coming.length === 0) unblock(world);
    settleAtOnce(world, world.now < unrest ? killChance : 0);
    const plan = planService(situationOf(world));
    checkIdle(world, plan);
    const until = Math.min(nextMoment(world), coming[0]?.at ?? Infinity, plan.wake ?? Infinity);
    if (until === Infinity && !isWaiting(world)) return checkSettled(world);
    if (until === Infinity) continue;
    checkNothingMissed(world, until);
    passTime(world, until);
    noteProof(world);
  }
}

/** A stable release that is bad itself is replaced for ever, and what is bad in its turn is not to be waited for; but no rollout is open for ever. */
function isAtEnd({ now, desired, natures }: World): boolean {
  assert.ok(now < horizon, "it never comes to rest");
  if (now < unrest || desired.rollout !== undefined) return false;
  const nature = natures.get(desired.stable?.number ?? 0) ?? "fine";
  return nature !== "fine" && nature !== "slow";
}

/** Plans and applies until there is nothing to do at this moment: soon, or it would be for ever. */
function settleAtOnce(world: World, killChance: number): void {
  for (let passes = 0; ; passes++) {
    assert.ok(passes < 40, "one plan follows the other at the same moment for ever");
    revertIfDue(world);
    const plan = planService(situationOf(world));
    if (plan.steps.length === 0 && !world.revertDue) return;
    applyPlan(world, plan, passes < 20 ? killChance : 0);
  }
}

/** The controller reverts what failed, by a release of its own; not where a person was faster. */
function revertIfDue(world: World): void {
  if (!world.revertDue) return;
  world.revertDue = false;
  const { stable, rollout } = world.desired;
  if (stable !== undefined && rollout === undefined) goBack(world, stable, "revert");
}

function isWaiting({ desired: { rollout } }: World): boolean {
  return rollout?.status === "paused" || (rollout?.status === "awaiting-promotion" && !rollout.isPromoted);
}

/** A rollout waits for a person: one comes. */
function unblock(world: World): void {
  if (!isWaiting(world)) return;
  if (world.desired.rollout?.status === "paused") resume(world);
  else world.random.pick([promote, cancel] as const)(world);
}

function plotHistory(world: World): Coming[] {
  const { random } = world;
  const coming: Coming[] = [];
  const plot = (most: number, happen: (world: World) => void): void => {
    const times = random.between(0, most);
    for (let nth = 0; nth < times; nth++) coming.push({ at: random.between(1, unrest), happen });
  };
  plot(6, actAsPerson);
  plot(random.pick([0, 3, 12]), strikeInstance);
  plot(random.pick([0, 0, 0, 1]), revokeSomething);
  plot(random.pick([0, 4]), killController);
  note(world, `${coming.length} things will happen`);
  return coming.toSorted((a, b) => a.at - b.at);
}
