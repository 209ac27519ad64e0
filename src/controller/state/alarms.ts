import type { Database } from "../../ledger/projection/database.ts";
import type { EventData } from "../events/events.ts";
import type { Subject } from "./subject.ts";

export const alarmState: Subject = {
  tables: [
    `CREATE TABLE alarms (environment TEXT NOT NULL, service TEXT NOT NULL, alarm TEXT NOT NULL, message TEXT NOT NULL, since TEXT NOT NULL,
      PRIMARY KEY (environment, service, alarm)) STRICT, WITHOUT ROWID`,
  ],
  apply: {
    "alarm.raised": (state, { environment, service, alarm, message }, { time }) => {
      state.run("INSERT OR REPLACE INTO alarms VALUES (?, ?, ?, ?, ?)", environment, service, alarm, message, time);
    },
    "alarm.cleared": (state, { environment, service, alarm }) => {
      state.run("DELETE FROM alarms WHERE environment = ? AND service = ? AND alarm = ?", environment, service, alarm);
    },
  },
};

/** `since`: ISO 8601, of its last message. */
export type Alarm = EventData["alarm.raised"] & { readonly since: string };

/** Alarms that stand, of a service or of all. */
export function listAlarms(
  state: Database,
  of?: { readonly environment: string; readonly service: string },
): readonly Alarm[] {
  if (of === undefined) return state.all<Alarm>("SELECT * FROM alarms ORDER BY environment, service, alarm");
  return state.all<Alarm>(
    "SELECT * FROM alarms WHERE environment = ? AND service = ? ORDER BY alarm",
    of.environment,
    of.service,
  );
}
