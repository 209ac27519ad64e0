import type { Database } from "../../ledger/projection/database.ts";
import type { EventData } from "../events/events.ts";
import type { Subject } from "./subject.ts";

export const breakerState: Subject = {
  tables: [
    `CREATE TABLE breakers (environment TEXT NOT NULL, service TEXT NOT NULL, why TEXT NOT NULL, since TEXT NOT NULL, PRIMARY KEY (environment, service)) STRICT, WITHOUT ROWID`,
  ],
  apply: {
    "breaker.opened": (state, { environment, service, why }, { time }) => {
      state.run("INSERT OR REPLACE INTO breakers VALUES (?, ?, ?, ?)", environment, service, why, time);
    },
    "breaker.closed": (state, { environment, service }) => {
      state.run("DELETE FROM breakers WHERE environment = ? AND service = ?", environment, service);
    },
  },
};

export type OpenBreaker = EventData["breaker.opened"] & { readonly since: string };

export function listBreakers(state: Database): readonly OpenBreaker[] {
  return state.all<OpenBreaker>("SELECT * FROM breakers ORDER BY environment, service");
}
