import type { InstanceView, Rollout, RolloutFact } from "../fleet.ts";
import { judgeNewSet } from "./blue-green.ts";
import { judgeCanaries } from "./canary.ts";
import { deadlineOf } from "./deadlines.ts";
import { whyNotStarted } from "./may-start.ts";
import { isAlike, type Scene, type Side } from "./scene.ts";
import { hasTraffic } from "./standing.ts";
import { bakes, strategyOf } from "./strategy.ts";

/** What happened to the open rollout and is not on the record yet; undefined: nothing. */
export function nextFact(scene: Scene): RolloutFact | undefined {
  const { rollout } = scene.situation.desired;
  if (rollout === undefined) return undefined;
  const forbidden = whyNotStarted(rollout.to, scene.situation.desired);
  if (forbidden !== undefined)
    return failRollout(scene, rollout, `release ${rollout.to.number} has no image that may run: ${forbidden}`);
  if (rollout.status === "paused") return undefined;
  if (isDone(scene, rollout)) return { kind: "succeeded", rollout: rollout.id };
  const deadline = deadlineOf(scene, rollout);
  if (deadline !== undefined && scene.situation.now >= deadline)
    return failRollout(scene, rollout, tellLate(scene, rollout));
  const to = nextStatus(scene, rollout);
  return to === undefined ? undefined : { kind: "moved", rollout: rollout.id, to };
}

/** All of the new release serve and are known to be healthy, and nobody else serves. */
function isDone(scene: Scene, rollout: Rollout): boolean {
  if (rollout.status !== "promoting" && !(rollout.status === "running" && isRolling(scene, rollout))) return false;
  const { target, former, other } = scene;
  const others = [target.poor, former.good, former.poor, other.good, other.poor];
  const unjudged = [other.presumed, ...[target, former].flatMap(mayServe)];
  return (
    target.good.length === rollout.to.spec.replicas &&
    target.good.every(({ health }) => health.status === "healthy") &&
    [...others, ...unjudged].every((list) => list.length === 0)
  );
}

/** Without traffic whatever runs may work. */
function mayServe({ release, unproven, presumed }: Side): readonly (readonly InstanceView[])[] {
  return release === undefined || hasTraffic(release.spec) ? [] : [unproven, presumed];
}

function nextStatus(scene: Scene, rollout: Rollout): Exclude<Rollout["status"], "pending" | "paused"> | undefined {
  switch (rollout.status) {
    case "pending":
      return scene.situation.isPreparing === true ? undefined : "running";
    case "running": {
      if (isRolling(scene, rollout)) return undefined;
      if (rollout.isPromoted) return "promoting";
      if (!judgeTried(scene, rollout).isHealthy) return undefined;
      return bakes(rollout) ? "baking" : "promoting";
    }
    case "baking":
    case "awaiting-promotion":
      return afterBaking(scene, rollout);
    case "promoting":
    case "paused":
      return undefined;
  }
}

/** What is tried and breaks is tried anew, from the start; the rollout's deadline limits how often. */
function afterBaking(scene: Scene, rollout: Rollout): "running" | "awaiting-promotion" | "promoting" | undefined {
  if (isRolling(scene, rollout) || rollout.isPromoted) return "promoting";
  const tried = judgeTried(scene, rollout);
  if (!tried.isWhole) return "running";
  if (rollout.status === "awaiting-promotion") return undefined;
  const { bake, autoPromote } = rollout.to.spec.update;
  if (!tried.isHealthy || scene.situation.now < rollout.since + bake) return undefined;
  return autoPromote ? "promoting" : "awaiting-promotion";
}

function judgeTried(scene: Scene, rollout: Rollout): { readonly isWhole: boolean; readonly isHealthy: boolean } {
  const isCanary = strategyOf(scene.situation.desired, rollout) === "canary";
  return isCanary ? judgeCanaries(scene, rollout) : judgeNewSet(scene, rollout);
}

function isRolling(scene: Scene, rollout: Rollout): boolean {
  return strategyOf(scene.situation.desired, rollout) === "rolling";
}

/** A rollback that fails is not rolled back, and what cannot run is not gone back to. */
function failRollout({ situation }: Scene, rollout: Rollout, why: string): RolloutFact {
  const { stable } = situation.desired;
  const revert =
    rollout.kind === "deploy" &&
    rollout.to.spec.update.autoRevert &&
    stable !== undefined &&
    !isAlike(rollout.to, stable) &&
    whyNotStarted(stable, situation.desired) === undefined;
  return { kind: "failed", rollout: rollout.id, why, revert };
}

function tellLate({ target }: Scene, { to }: Rollout): string {
  const healthy = [...target.good, ...target.ready].filter(({ health }) => health.status === "healthy").length;
  const limit = to.spec.update.progressDeadline / 1000;
  return `${healthy} of ${to.spec.replicas} instances of release ${to.number} were healthy, and none became so in time (progress_deadline ${limit} s)`;
}
