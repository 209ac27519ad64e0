import type { Desired, FleetRelease } from "../fleet.ts";

/** Why nothing of a release may be started, for people; undefined: it may. */
export function whyNotStarted({ image }: FleetRelease, desired: Desired): string | undefined {
  if (desired.revoked.has(image)) return "it is revoked";
  if (desired.quarantined.has(image)) return "it is in quarantine";
  return undefined;
}
