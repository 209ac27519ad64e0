import type { FleetAlarm, FleetRecord } from "./engine.ts";
import type { ServiceKey } from "../fleet.ts";

/** Alarms of one service: each is told when it begins, and when it is over, not with each attempt. */
export type AlarmBell = {
  readonly raise: (alarm: FleetAlarm, error: unknown) => Promise<void>;
  readonly clear: (alarm: FleetAlarm) => Promise<void>;
};

export function openAlarmBell(record: Pick<FleetRecord, "record">, key: ServiceKey): AlarmBell {
  /** What was told last; an empty text: that it is over. Unknown: what another process told stands. */
  const told = new Map<FleetAlarm, string>();
  return {
    raise: async (alarm, error) => {
      const message = sayError(error);
      if (told.get(alarm) === message) return;
      await record.record(key, { kind: "alarm", alarm, message });
      told.set(alarm, message);
    },
    clear: async (alarm) => {
      if (told.get(alarm) === "") return;
      await record.record(key, { kind: "cleared", alarm });
      told.set(alarm, "");
    },
  };
}

/** With what its details say, on one line and without numbers of attempts: the same failure is the same text. */
function sayError(error: unknown): string {
  const details = error instanceof Error && "details" in error && Array.isArray(error.details) ? error.details : [];
  const text = [error instanceof Error ? error.message : String(error), ...details.map(String)].join("; ");
  return text.replaceAll(/\p{Cc}+/gu, " ").slice(0, 2000);
}
