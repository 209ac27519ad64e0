import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { makeEvent, system, type EventData } from "../events/events.ts";
import { listAlarms } from "../state/alarms.ts";

/** Bytes: an event holds 65,535, and what a driver or policy says may be long. */
const longest = 4000;

/** Told once, and again only with other words. */
export function raiseAlarm(state: Database, alarm: EventData["alarm.raised"]): readonly NewEvent[] {
  const { environment, service } = alarm;
  const message = alarm.message.slice(0, longest).toWellFormed();
  const standing = listAlarms(state, alarm).find((one) => one.alarm === alarm.alarm);
  if (standing?.message === message) return [];
  return [makeEvent(system, "alarm.raised", { environment, service, alarm: alarm.alarm, message })];
}

export function clearAlarm(state: Database, alarm: EventData["alarm.cleared"]): readonly NewEvent[] {
  const { environment, service } = alarm;
  if (!listAlarms(state, alarm).some((one) => one.alarm === alarm.alarm)) return [];
  return [makeEvent(system, "alarm.cleared", { environment, service, alarm: alarm.alarm })];
}
