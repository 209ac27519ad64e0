/** How far another machine's clock may be ahead, in seconds. */
export const clockTolerance = 300;

/**
 * Seconds from `moment` to `now`. Attack: a scan that is dated next year would be fresh until then, so what lies further ahead than clocks differ is as old as time itself;
 * the same for what is no time.
 */
export function ageOf(moment: number, now: number): number {
  if (!Number.isFinite(moment) || moment > now + clockTolerance) return now;
  return Math.max(0, Math.trunc(now - moment));
}
