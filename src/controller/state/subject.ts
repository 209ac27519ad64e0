import type { NumberedEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { EventData, EventType } from "../events/events.ts";

/**
 * One subject of the state: its tables, and what each type of event does to them. Whether an event can be applied must not depend on the state: one that was appended to a state whose file somebody
 * altered would never be folded again, and the controller never start. What is there already stands (`INSERT OR IGNORE`) or is replaced.
 */
export type Subject = {
  readonly tables: readonly string[];
  readonly apply: { readonly [T in EventType]?: (state: Database, data: EventData[T], event: NumberedEvent) => void };
};
