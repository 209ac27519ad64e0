import type { Desired, InstanceView, StartReason, StopReason } from "../fleet.ts";
import { isAlike, type Scene, type Side } from "./scene.ts";

/** Why an instance is stopped: what is wrong with it, else why it is not needed. */
export function stopReasonOf(view: InstanceView, desired: Desired): StopReason {
  if (view.state === "gone") return "lost";
  if (view.condemned !== undefined) return view.condemned.why;
  if (view.state === "frozen") return "drift";
  if (desired.quarantined.has(view.image)) return "quarantined";
  if (view.health.status === "unhealthy") return view.traffic.status === "out" ? "failed-start" : "unhealthy";
  return "replaced";
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
