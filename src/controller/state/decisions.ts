import type { Database } from "../../ledger/projection/database.ts";
import type { EventData } from "../events/events.ts";
import { fromJson } from "./from-json.ts";
import type { Subject } from "./subject.ts";

export const decisionState: Subject = {
  tables: [
    `CREATE TABLE decisions (event INTEGER PRIMARY KEY, principal TEXT NOT NULL, action TEXT NOT NULL, environment TEXT, image TEXT, permit INTEGER NOT NULL, data TEXT NOT NULL) STRICT`,
    "CREATE INDEX decisions_about_image ON decisions (image) WHERE image IS NOT NULL",
  ],
  apply: {
    "decision.made": (state, data, { index }) => {
      const { principal, action, environment, image, permit } = data;
      state.run(
        "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?)",
        index,
        principal,
        action,
        environment ?? null,
        image ?? null,
        permit ? 1 : 0,
        JSON.stringify(data),
      );
    },
  },
};

export type RecordedDecision = EventData["decision.made"] & { readonly event: number };

export function findDecision(state: Database, event: number): RecordedDecision | undefined {
  const row = state.get<{ data: string }>("SELECT data FROM decisions WHERE event = ?", event);
  return row === undefined ? undefined : { ...fromJson<EventData["decision.made"]>(row.data), event };
}
