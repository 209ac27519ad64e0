import type { ServiceKey } from "../../fleet/fleet.ts";
import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { Controller } from "../controller.ts";
import { findRelease, listReleases, type Release } from "../state/releases.ts";
import { findQuarantined, listRolledOut, openRolloutOf, rolloutOfRelease, stableOf } from "../state/rollouts.ts";
import { bringBack } from "./automatic-release.ts";
import { mayRun } from "./fleet-record.ts";
import { clearAlarm, raiseAlarm } from "./raise-alarm.ts";

/**
 * What runs and may not run any more, since its image was revoked or what was proven of it has grown old, is replaced by the newest release that ran well and that the policy permits. Where there is none, an
 * alarm says so, and what serves goes on: taking it away is for people to decide.
 */
export async function replaceRevoked(controller: Controller): Promise<void> {
  const { ledger } = controller;
  for (const key of listRolledOut(ledger.state)) {
    // Most often there is nothing to do, and nothing to be written for it.
    if (isSettled(controller, ledger.state, key)) continue;
    await ledger.transact((state, next) => ({
      events: isSettled(controller, state, key) ? [] : eventsFor(controller, state, { key, next }),
      result: undefined,
    }));
  }
}

const alarm = "no-permitted-release";

/** While a rollout is open there is something on its way already: it fails, if that may not run either. */
function isSettled(controller: Controller, state: Database, key: ServiceKey): boolean {
  const stable = stableRelease(state, key);
  if (stable === undefined || openRolloutOf(state, key) !== undefined) return true;
  return mayRun(controller, key, stable.image) && clearAlarm(state, { ...key, alarm }).length === 0;
}

function stableRelease(state: Database, key: ServiceKey): Release | undefined {
  const number = stableOf(state, key);
  return number === undefined ? undefined : findRelease(state, { ...key, number });
}

function eventsFor(
  controller: Controller,
  state: Database,
  { key, next }: { readonly key: ServiceKey; readonly next: number },
): readonly NewEvent[] {
  const stable = stableRelease(state, key);
  if (stable === undefined) return [];
  if (mayRun(controller, key, stable.image)) return clearAlarm(state, { ...key, alarm });
  const why = `release ${stable.number} may not run any more: ${shortDigest(stable.image)} is not permitted in ${key.environment}`;
  const [target] = waysOut(controller, state, { key, stable });
  const denial = "no other release that ran well is permitted";
  if (target === undefined) return raiseAlarm(state, { ...key, alarm, message: `${why}; ${denial}` });
  const made = bringBack(controller, state, { key, target, reason: why, kind: "rollback", next });
  if (made.denial === undefined) return [...made.events, ...clearAlarm(state, { ...key, alarm })];
  const alarms = raiseAlarm(state, { ...key, alarm, message: `${why}; ${made.denial}` });
  // The denial is on the record with the alarm, once.
  return alarms.length === 0 ? [] : [...made.events, ...alarms];
}

/** Newest first. */
function waysOut(
  controller: Controller,
  state: Database,
  { key, stable }: { readonly key: ServiceKey; readonly stable: Release },
): readonly Release[] {
  const tried = new Set([stable.image]);
  return listReleases(state, key).filter(({ number, image }) => {
    if (tried.has(image) || rolloutOfRelease(state, { ...key, number })?.status !== "successful") return false;
    tried.add(image);
    return findQuarantined(state, { ...key, image }) === undefined && mayRun(controller, key, image);
  });
}
