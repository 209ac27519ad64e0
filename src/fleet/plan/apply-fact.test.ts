import assert from "node:assert/strict";
import { test } from "node:test";
import { applyFact } from "./apply-fact.ts";
import {
  cancelRollout,
  liftQuarantine,
  openRollout,
  pauseRollout,
  promoteRollout,
  resumeRollout,
} from "./person-acts.ts";
import { makeDesired, makeRelease, makeRollout } from "./plan.fixture.ts";

const stable = makeRelease(1);
const to = makeRelease(2);
const open = makeDesired({ stable, rollout: makeRollout(to) });

test("a deploy that succeeded is stable from then on, and what it replaced is warm", () => {
  const { rollout, warm, ...after } = applyFact(open, { kind: "succeeded", rollout: 77 }, 5);
  assert.equal(rollout, undefined);
  assert.deepEqual(warm, { release: stable, since: 5 });
  assert.equal(after.stable, to);
});

test("what a rollback or a revert replaced is not warm", () => {
  for (const kind of ["rollback", "revert"] as const) {
    const desired = makeDesired({ stable, rollout: makeRollout(to, { kind }) });
    assert.equal(applyFact(desired, { kind: "succeeded", rollout: 77 }, 5).warm, undefined);
  }
});

test("a failed rollout leaves the stable release, and its image in quarantine until a person lifts it", () => {
  const after = applyFact(open, { kind: "failed", rollout: 77, why: "", revert: true }, 5);
  assert.deepEqual(after, makeDesired({ stable, quarantined: new Set([to.image]) }));
  assert.equal(liftQuarantine(after, to.image).quarantined.size, 0);
});

test("an image that is stable too does not go into quarantine: the configuration was at fault", () => {
  const other = makeRelease(2, { image: stable.image });
  const desired = makeDesired({ stable, rollout: makeRollout(other) });
  assert.equal(applyFact(desired, { kind: "failed", rollout: 77, why: "", revert: true }, 5).quarantined.size, 0);
});

test("a fact about a rollout that is not open changes nothing", () => {
  assert.equal(applyFact(open, { kind: "succeeded", rollout: 76 }, 5), open);
  const none = makeDesired({ stable });
  assert.equal(applyFact(none, { kind: "succeeded", rollout: 77 }, 5), none);
});

test("time for progress begins anew with a promotion, not with a second bake", () => {
  const promoting = applyFact(open, { kind: "moved", rollout: 77, to: "promoting" }, 5).rollout;
  assert.deepEqual([promoting?.since, promoting?.started], [5, 5]);
  const baking = makeDesired({ stable, rollout: makeRollout(to, { status: "baking", started: 1 }) });
  const again = applyFact(baking, { kind: "moved", rollout: 77, to: "running" }, 5).rollout;
  assert.deepEqual([again?.since, again?.started], [5, 1]);
});

test("a paused rollout goes on as what it was", () => {
  const baking = makeDesired({ stable, rollout: makeRollout(to, { status: "baking" }) });
  const paused = pauseRollout(pauseRollout(baking, 5), 6);
  assert.equal(paused.rollout?.status, "paused");
  const { rollout } = resumeRollout(paused, 9);
  assert.deepEqual(rollout, makeRollout(to, { status: "baking", since: 9, started: 9 }));
});

test("a newer release takes the place of the open rollout, and nothing stays warm beside it", () => {
  const desired = { ...open, warm: { release: makeRelease(9), since: 1 } };
  const after = openRollout(desired, { id: 80, kind: "deploy", to: makeRelease(3), at: 5 });
  assert.equal(after.rollout?.id, 80);
  assert.equal(after.rollout.from, stable);
  assert.equal(after.rollout.status, "pending");
  assert.equal(after.warm, undefined);
});

test("a cancelled rollout leaves the stable release, and a promoted one waits for nothing", () => {
  assert.deepEqual(cancelRollout(open), makeDesired({ stable }));
  assert.equal(promoteRollout(open).rollout?.isPromoted, true);
});
