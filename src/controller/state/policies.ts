import type { Database } from "../../ledger/projection/database.ts";
import type { EventData } from "../events/events.ts";
import { fromJson } from "./from-json.ts";
import type { Subject } from "./subject.ts";

export const policyState: Subject = {
  tables: [
    `CREATE TABLE policies (environment TEXT NOT NULL, version INTEGER NOT NULL, data TEXT NOT NULL, applied_by TEXT NOT NULL, applied TEXT NOT NULL, event INTEGER NOT NULL,
      PRIMARY KEY (environment, version)) STRICT, WITHOUT ROWID`,
  ],
  apply: {
    "policy.applied": (state, data, { index, actor, time }) => {
      const { environment } = data;
      const last = state.get<{ version: number }>(
        "SELECT max(version) AS version FROM policies WHERE environment = ?",
        environment,
      );
      state.run(
        "INSERT INTO policies VALUES (?, ?, ?, ?, ?, ?)",
        environment,
        (last?.version ?? 0) + 1,
        JSON.stringify(data),
        actor,
        time,
        index,
      );
    },
  },
};

export type AppliedPolicy = EventData["policy.applied"] & {
  readonly version: number;
  readonly appliedBy: string;
  /** ISO 8601. */
  readonly applied: string;
  readonly event: number;
};

/** The policy that is in force; undefined for an environment that does not exist. */
export function findPolicy(state: Database, environment: string): AppliedPolicy | undefined {
  return listVersions(state, environment, 1)[0];
}

/** Newest first. */
export function listVersions(state: Database, environment: string, most = 1_000_000): readonly AppliedPolicy[] {
  return state
    .all<{ data: string; version: number; applied_by: string; applied: string; event: number }>(
      "SELECT * FROM policies WHERE environment = ? ORDER BY version DESC LIMIT ?",
      environment,
      most,
    )
    .map(({ data, version, applied_by, applied, event }) => ({
      ...fromJson<EventData["policy.applied"]>(data),
      version,
      appliedBy: applied_by,
      applied,
      event,
    }));
}

/** What is in force in each environment, in their order. */
export function listPolicies(state: Database): readonly AppliedPolicy[] {
  return listEnvironments(state).flatMap((environment) => findPolicy(state, environment) ?? []);
}

/** In order. */
export function listEnvironments(state: Database): readonly string[] {
  return state
    .all<{ environment: string }>("SELECT DISTINCT environment FROM policies ORDER BY environment")
    .map(({ environment }) => environment);
}
