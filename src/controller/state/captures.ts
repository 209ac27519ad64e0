import type { Database } from "../../ledger/projection/database.ts";
import type { Subject } from "./subject.ts";

export const captureState: Subject = {
  tables: [
    // why: of one that was not captured. drift is absent where a person asked for it.
    `CREATE TABLE captures (event INTEGER PRIMARY KEY, drift INTEGER, environment TEXT NOT NULL, service TEXT NOT NULL, instance TEXT NOT NULL, repository TEXT, artifact TEXT, bytes INTEGER, key TEXT,
      why TEXT, made TEXT NOT NULL, asked_by TEXT NOT NULL) STRICT`,
    "CREATE INDEX captures_of_instance ON captures (instance)",
    "CREATE INDEX captures_of_service ON captures (environment, service, made)",
  ],
  apply: {
    "drift.captured": (state, data, { index, time, actor }) => {
      const { drift = null, environment, service, instance, repository, artifact, bytes, key } = data;
      state.run(
        "INSERT OR IGNORE INTO captures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)",
        index,
        drift,
        environment,
        service,
        instance,
        repository,
        artifact,
        bytes,
        key,
        time,
        actor,
      );
    },
    "drift.uncaptured": (state, { drift = null, environment, service, instance, why }, { index, time, actor }) => {
      state.run(
        "INSERT OR IGNORE INTO captures VALUES (?, ?, ?, ?, ?, NULL, NULL, NULL, NULL, ?, ?, ?)",
        index,
        drift,
        environment,
        service,
        instance,
        why,
        time,
        actor,
      );
    },
  },
};

/** A capture by the record; `why`: it was not made. `askedBy`: a person, or `system:controller`. */
export type RecordedCapture = {
  readonly event: number;
  readonly drift?: number;
  readonly environment: string;
  readonly service: string;
  readonly instance: string;
  readonly made: string;
  readonly askedBy: string;
} & (
  | { readonly repository: string; readonly artifact: string; readonly bytes: number; readonly key: string }
  | { readonly why: string }
);

/** Of an instance, the oldest first: one capture serves all drift of it. */
export function capturesOf(
  state: Database,
  {
    environment,
    service,
    instance,
  }: { readonly environment: string; readonly service: string; readonly instance: string },
): readonly RecordedCapture[] {
  const sql = "SELECT * FROM captures WHERE environment = ? AND service = ? AND instance = ? ORDER BY event";
  return state.all<CaptureRow>(sql, environment, service, instance).map(toCapture);
}

/** Bytes that were captured of a service since a moment (ISO 8601). */
export function capturedSince(
  state: Database,
  { environment, service, since }: { readonly environment: string; readonly service: string; readonly since: string },
): number {
  const sql = "SELECT sum(bytes) AS sum FROM captures WHERE environment = ? AND service = ? AND made >= ?";
  return state.get<{ sum: number | null }>(sql, environment, service, since)?.sum ?? 0;
}

type CaptureRow = {
  readonly event: number;
  readonly drift: number | null;
  readonly environment: string;
  readonly service: string;
  readonly instance: string;
  readonly repository: string | null;
  readonly artifact: string | null;
  readonly bytes: number | null;
  readonly key: string | null;
  readonly why: string | null;
  readonly made: string;
  readonly asked_by: string;
};

function toCapture(row: CaptureRow): RecordedCapture {
  const { event, drift, environment, service, instance, made, asked_by: askedBy } = row;
  const base = { event, environment, service, instance, made, askedBy, ...(drift === null ? {} : { drift }) };
  const { repository, artifact, bytes, key, why } = row;
  if (repository === null || artifact === null || key === null) return { ...base, why: why ?? "" };
  return { ...base, repository, artifact, bytes: bytes ?? 0, key };
}
