import { IngotError } from "../../ground/error.ts";
import type { FleetAlarm, FleetFact, FleetRecord } from "./engine.ts";
import type { ServiceKey } from "../fleet.ts";

/** Alarms of one service: each is told when it begins, and when it is over, not with each attempt. */
export type AlarmBell = {
  readonly raise: (alarm: FleetAlarm, error: unknown) => Promise<void>;
  readonly clear: (alarm: FleetAlarm) => Promise<void>;
  /** What the record could not take, for people: it is all that tells of it. */
  readonly untold: () => readonly string[];
};

export function openAlarmBell(record: Pick<FleetRecord, "record">, key: ServiceKey): AlarmBell {
  /** What was told last; an empty text: that it is over. Unknown: what another process told stands. */
  const told = new Map<FleetAlarm, string>();
  const untold = new Map<FleetAlarm, string>();
  const tell = async (fact: FleetFact & { readonly kind: "alarm" | "cleared" }, text: string): Promise<void> => {
    const before = told.get(fact.alarm);
    if (before === text) return void untold.delete(fact.alarm);
    // At once: what is over while it is being told must be told to be over.
    told.set(fact.alarm, text);
    try {
      await record.record(key, fact);
      untold.delete(fact.alarm);
    } catch (error) {
      if (text !== "") untold.set(fact.alarm, `${text}; not recorded: ${sayError(error, key)}`);
      if (before === undefined) told.delete(fact.alarm);
      else told.set(fact.alarm, before);
      throw error;
    }
  };
  return {
    raise: (alarm, error) => {
      const message = sayError(error, key);
      return tell({ kind: "alarm", alarm, message }, message);
    },
    clear: (alarm) => tell({ kind: "cleared", alarm }, ""),
    untold: () => [...untold].map(([alarm, text]) => `${alarm}: ${text}`),
  };
}

/** With what its details say and what to do, on one line and without what is new with each attempt: the same failure is the same text. */
function sayError(error: unknown, { service }: ServiceKey): string {
  const details = error instanceof Error && "details" in error && Array.isArray(error.details) ? error.details : [];
  const text = [error instanceof Error ? error.message : String(error), ...details.map(String)].join("; ");
  // As ids begin: of a long name only so much.
  const prefix = service.slice(0, 32);
  const next = error instanceof IngotError && error.hint !== undefined ? ` → ${error.hint}` : "";
  return `${text.slice(0, 2000)}${next}`
    .replaceAll(/\p{Cc}+/gu, " ")
    .replaceAll(new RegExp(`(?<![a-z0-9-])${prefix}-[0-9a-f]{8}(?![a-z0-9-])`, "g"), "an instance")
    .slice(0, 3000);
}
