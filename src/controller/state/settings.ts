import type { Database } from "../../ledger/projection/database.ts";
import type { Subject } from "./subject.ts";

export const settingState: Subject = {
  tables: [
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL, event INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  ],
  apply: {
    "controller.configured": (state, data, { index }) => {
      state.run("INSERT OR REPLACE INTO settings VALUES ('controller', ?, ?)", JSON.stringify(data), index);
    },
    "policy.shipped": (state, { digest }, { index }) => {
      state.run("INSERT OR REPLACE INTO settings VALUES ('shipped policies', ?, ?)", digest, index);
    },
  },
};

/** The digest of the shipped policies that are on the record; undefined before the first start. */
export function recordedPolicies(state: Database): string | undefined {
  return state.get<{ value: string }>("SELECT value FROM settings WHERE name = 'shipped policies'")?.value;
}

/** The settings that are on the record, as JSON of `controller.configured`; undefined before the first start. */
export function recordedSettings(state: Database): string | undefined {
  return state.get<{ value: string }>("SELECT value FROM settings WHERE name = 'controller'")?.value;
}
