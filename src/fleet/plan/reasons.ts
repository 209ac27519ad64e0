import type { InstanceView, StartReason, StopReason } from "../fleet.ts";
import { isAlike, isOf, type Scene, type Side } from "./scene.ts";

/** Why an instance is stopped: what is wrong with it, else why it is not needed. */
export function stopReasonOf(view: InstanceView, scene: Scene): StopReason {
  if (view.state === "gone") return "lost";
  if (view.condemned !== undefined) return view.condemned.why;
  if (view.state === "frozen") return "drift";
  if (scene.situation.desired.quarantined.has(view.image)) return "quarantined";
  if (view.health.status !== "unhealthy") return whyNotNeeded(view, scene);
  const side = [scene.target, scene.former, scene.other].find(({ poor }) => poor.includes(view));
  return side === undefined && view.traffic.status === "out" ? "failed-start" : "unhealthy";
}

function whyNotNeeded(view: InstanceView, { situation, target }: Scene): StopReason {
  const { stable, rollout } = situation.desired;
  if (isOf(view, target.release)) return "scale";
  if (rollout !== undefined) return "replaced";
  if (stable === undefined) return "removed";
  return view.release > stable.number ? "cancelled" : "replaced";
}

/** Why those are started that are missing: for a rollout, else for what was found wrong with those before them, one for each, else since they are lost. */
export function startReasonOf(scene: Scene, side: Side): (nth: number) => StartReason {
  const { rollout, stable } = scene.situation.desired;
  if (rollout !== undefined && side === scene.target) {
    const reason = isAlike(rollout.to, stable) && rollout.kind === "deploy" ? "scale" : "rollout";
    return () => reason;
  }
  const found = [...side.condemned, ...side.poor, ...side.spent].map(
    ({ condemned, state }) => condemned?.why ?? (state === "frozen" ? "drift" : "unhealthy"),
  );
  return (nth) => found[nth] ?? "lost";
}
