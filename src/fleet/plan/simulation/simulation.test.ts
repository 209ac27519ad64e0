import assert from "node:assert/strict";
import { test } from "node:test";
import type { FleetRelease } from "../../fleet.ts";
import { openRollout } from "../person-acts.ts";
import { makeRelease } from "../plan.fixture.ts";
import { makeWorld, runHistory, simulate } from "./simulate.ts";
import { killController, type World } from "./world.ts";

/** Each is a history of its own; a failure names its seed and prints what happened. */
const seeds = Number(process.env.INGOT_SIMULATION_SEEDS ?? 2000);

test(`no rule of a rollout is broken in ${seeds} random histories of faults, people and killed controllers`, () => {
  let releases = 0;
  for (let seed = 1; seed <= seeds; seed++) releases += simulate(seed).releases.length;
  assert.ok(releases > 1.5 * seeds, "the histories are no histories");
});

test("a rollout of 1,000 instances ends, with the controller killed on the way, and leaves exactly the new ones", () => {
  const world = makeWorld(1);
  const spec = { replicas: 1000, drain: 1000 };
  const first = makeRelease(1, { spec });
  const second = makeRelease(2, { spec, update: { maxParallel: 250, scaleDownDelay: 0 } });
  runHistory(world, {
    coming: [
      { at: 0, happen: () => release(world, first) },
      { at: 10_000, happen: () => release(world, second) },
      { at: 13_000, happen: () => killController(world) },
    ],
    killChance: 0,
  });
  assert.equal(world.desired.stable, second);
  const ended = world.trace.findIndex((line) => line.includes("controller killed"));
  assert.ok(ended > 0 && world.trace.findLastIndex((line) => line.includes("succeeded")) > ended);
});

function release(world: World, to: FleetRelease): void {
  world.releases.push(to);
  world.natures.set(to.number, "fine");
  world.desired = openRollout(world.desired, { id: world.nextEvent++, kind: "deploy", to, at: world.now });
}
