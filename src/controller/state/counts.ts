import type { Database } from "../../ledger/projection/database.ts";
import type { Subject } from "./subject.ts";

/** How often something happened, for metrics: counted as it happens, since counting a million events at each reading would keep everybody waiting. */
export const countState: Subject = {
  tables: [
    "CREATE TABLE counts (what TEXT NOT NULL, labels TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (what, labels)) STRICT, WITHOUT ROWID",
  ],
  apply: {
    "decision.made": (state, { action, permit }) =>
      add(state, "decision", { action, outcome: permit ? "permit" : "deny" }),
    "rollout.succeeded": (state, data) => addRollout(state, data, "successful"),
    "rollout.failed": (state, data) => addRollout(state, data, "failed"),
    "rollout.cancelled": (state, data) => addRollout(state, data, "cancelled"),
    "drift.found": (state, { environment, service, rule }) => add(state, "drift", { environment, service, rule }),
    "drift.replaced": (state, { environment, service }) => add(state, "replaced", { environment, service }),
  },
};

export type Counted = { readonly labels: Readonly<Record<string, string>>; readonly count: number };
export type CountedThing = "decision" | "rollout" | "drift" | "replaced";

/** Since the ledger began. */
export function listCounts(state: Database, what: CountedThing): readonly Counted[] {
  return state
    .all<{ labels: string; count: number }>("SELECT labels, count FROM counts WHERE what = ? ORDER BY labels", what)
    .map(({ labels, count }) => ({ labels: JSON.parse(labels) as Record<string, string>, count }));
}

type Of = { readonly environment: string; readonly service: string };

function addRollout(state: Database, { environment, service }: Of, outcome: string): void {
  add(state, "rollout", { environment, service, outcome });
}

function add(state: Database, what: CountedThing, labels: Readonly<Record<string, string>>): void {
  const more = "INSERT INTO counts VALUES (?, ?, 1) ON CONFLICT (what, labels) DO UPDATE SET count = count + 1";
  state.run(more, what, JSON.stringify(labels));
}
