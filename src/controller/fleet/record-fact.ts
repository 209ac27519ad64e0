import type { FleetFact } from "../../fleet/engine/engine.ts";
import type { RolloutFact, ServiceKey } from "../../fleet/fleet.ts";
import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Controller } from "../controller.ts";
import { makeEvent, system } from "../events/events.ts";
import { listLiving } from "../state/instances.ts";
import { openRolloutOf } from "../state/rollouts.ts";
import { clearAlarm, raiseAlarm } from "./raise-alarm.ts";
import { recordFailure } from "./record-failure.ts";

/** Puts on the record what the fleet did or saw. What is not so any more, since somebody cancelled a rollout meanwhile, is passed over. */
export async function recordFact(controller: Controller, key: ServiceKey, fact: FleetFact): Promise<void> {
  await controller.ledger.transact((state, next) => ({
    events: eventsOf(controller, state, { key, fact, next }),
    result: undefined,
  }));
}

type Given<T = FleetFact> = { readonly key: ServiceKey; readonly fact: T; readonly next: number };

function eventsOf(controller: Controller, state: Database, { key, fact, next }: Given): readonly NewEvent[] {
  const { environment, service } = key;
  switch (fact.kind) {
    case "started": {
      const { instance, release, image, why, milliseconds, content } = fact;
      const data = { environment, service, instance, release, image, why, milliseconds };
      return [makeEvent(system, "instance.started", { ...data, ...(content === undefined ? {} : { content }) })];
    }
    case "ended": {
      const { instance, release, why, end } = fact;
      if (!listLiving(state, key).some(({ id }) => id === instance)) return [];
      return [makeEvent(system, "instance.ended", { environment, service, instance, release, why, ...toEnd(end) })];
    }
    case "alarm":
      return raiseAlarm(state, { environment, service, alarm: fact.alarm, message: fact.message });
    case "cleared":
      return clearAlarm(state, { environment, service, alarm: fact.alarm });
    default:
      return eventsOfRollout(controller, state, { key, fact, next });
  }
}

function toEnd(end: (FleetFact & { readonly kind: "ended" })["end"]): object {
  if (end === undefined) return {};
  const { code, signal, isOutOfMemory } = end;
  return {
    ...(code === undefined ? {} : { code }),
    ...(signal === undefined ? {} : { signal }),
    ...(isOutOfMemory ? { isOutOfMemory } : {}),
  };
}

function eventsOfRollout(
  controller: Controller,
  state: Database,
  { key, fact, next }: Given<RolloutFact>,
): readonly NewEvent[] {
  const rollout = openRolloutOf(state, key);
  if (rollout === undefined || rollout.id !== fact.rollout) return [];
  const { environment, service } = key;
  const of = { environment, service, rollout: rollout.id, release: rollout.release };
  switch (fact.kind) {
    case "moved":
      if (rollout.status === "paused" || rollout.status === fact.to) return [];
      return [makeEvent(system, "rollout.moved", { ...of, to: fact.to })];
    case "succeeded": {
      const milliseconds = Math.max(0, controller.ledger.now().getTime() - Date.parse(rollout.created));
      return [
        makeEvent(system, "rollout.succeeded", { ...of, milliseconds }),
        ...clearAlarm(state, { environment, service, alarm: "no-way-back" }),
      ];
    }
    case "failed":
      return recordFailure(controller, state, { key, rollout, fact, next });
  }
}
