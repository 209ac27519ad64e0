import type { NumberedEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { EventData, EventType } from "../events/events.ts";

/** One subject of the state: its tables, and what each type of event does to them. */
export type Subject = {
  readonly tables: readonly string[];
  readonly apply: { readonly [T in EventType]?: (state: Database, data: EventData[T], event: NumberedEvent) => void };
};
