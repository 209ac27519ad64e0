import assert from "node:assert/strict";
import { test } from "node:test";
import { simulate } from "./simulate.ts";

const seeds = Number(process.env.INGOT_SIMULATION_SEEDS ?? 2000);

test(`no rule of a rollout is broken in ${seeds} random histories of faults, people and killed controllers`, () => {
  let releases = 0;
  for (let seed = 1; seed <= seeds; seed++) releases += simulate(seed).releases.length;
  assert.ok(releases > 2 * seeds, "the histories are no histories");
});
