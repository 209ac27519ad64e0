import type { InstanceView } from "../fleet.ts";
import { whyNotStarted } from "./may-start.ts";
import type { Scene } from "./scene.ts";
import { hasTraffic } from "./standing.ts";

/** Until when instances of the former release are kept without traffic; `Infinity`: as long as the rollout is open; 0: they are not. */
export function warmUntil({ situation, former }: Scene): number {
  const { rollout, stable, warm } = situation.desired;
  if (former.release === undefined || whyNotStarted(former.release, situation.desired) !== undefined) return 0;
  // Without traffic an instance that runs works: two sets would do the same work.
  if (!hasTraffic(former.release.spec)) return 0;
  if (rollout !== undefined)
    return rollout.kind === "deploy" && rollout.to.spec.update.scaleDownDelay > 0 ? Infinity : 0;
  return stable === undefined || warm === undefined ? 0 : warm.since + stable.spec.update.scaleDownDelay;
}

/** Of instances of the former release that nobody needs, those that are kept warm: never more in all than that release asks for. `surplus`: the least useful first. */
export function keepWarm(scene: Scene, surplus: readonly InstanceView[]): readonly InstanceView[] {
  const { former, situation } = scene;
  if (warmUntil(scene) <= situation.now) return [];
  const all = former.good.length + former.ready.length + former.unproven.length;
  const needed = all - surplus.length;
  const most = Math.max(0, (former.release?.spec.replicas ?? 0) - needed);
  return most === 0 ? [] : surplus.slice(-most);
}
