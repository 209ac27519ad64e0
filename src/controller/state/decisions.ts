import type { Database } from "../../ledger/projection/database.ts";
import type { EventData } from "../events/events.ts";
import { fromJson } from "./from-json.ts";
import type { Subject } from "./subject.ts";

export const decisionState: Subject = {
  tables: [
    `CREATE TABLE decisions (event INTEGER PRIMARY KEY, principal TEXT NOT NULL, action TEXT NOT NULL, resource TEXT NOT NULL, environment TEXT, image TEXT, permit INTEGER NOT NULL, data TEXT NOT NULL) STRICT`,
    "CREATE INDEX decisions_about_image ON decisions (image) WHERE image IS NOT NULL",
    "CREATE INDEX decisions_of_principal ON decisions (principal, action, resource, environment, image)",
  ],
  apply: {
    "decision.made": (state, data, { index }) => {
      const { principal, action, resource, environment, image, permit } = data;
      state.run(
        "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        index,
        principal,
        action,
        resource,
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

/** The newest decision about the same request, but for those that were made by breaking the glass. */
export function lastDecision(
  state: Database,
  asked: Pick<RecordedDecision, "principal" | "action" | "resource" | "environment" | "image">,
): RecordedDecision | undefined {
  const row = state.get<{ data: string; event: number }>(
    `SELECT data, event FROM decisions WHERE principal = ? AND action = ? AND resource = ? AND environment IS ? AND image IS ?
      AND json_extract(data, '$.breakGlass') IS NULL ORDER BY event DESC LIMIT 1`,
    asked.principal,
    asked.action,
    asked.resource,
    asked.environment ?? null,
    asked.image ?? null,
  );
  return row === undefined ? undefined : { ...fromJson<EventData["decision.made"]>(row.data), event: row.event };
}
