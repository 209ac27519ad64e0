import type { Database } from "../../ledger/projection/database.ts";
import type { EventData } from "../events/events.ts";
import { fromJson } from "./from-json.ts";
import type { Subject } from "./subject.ts";

export const driftState: Subject = {
  tables: [
    `CREATE TABLE drifts (event INTEGER PRIMARY KEY, environment TEXT NOT NULL, service TEXT NOT NULL, instance TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, response TEXT NOT NULL,
      data TEXT NOT NULL, recorded TEXT NOT NULL, replaced TEXT, replaced_by TEXT, replaced_in INTEGER) STRICT`,
    "CREATE INDEX drifts_of_service ON drifts (environment, service, event)",
    "CREATE INDEX drifts_of_instance ON drifts (instance)",
  ],
  apply: {
    "drift.found": (state, data, { index, time }) => {
      const { environment, service, instance, rule, subject, response } = data;
      state.run(
        "INSERT OR IGNORE INTO drifts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)",
        index,
        environment,
        service,
        instance,
        rule,
        subject,
        response,
        JSON.stringify(data),
        time,
      );
    },
    "drift.replaced": (state, { drift, by = null, milliseconds }, { time }) => {
      state.run(
        "UPDATE drifts SET replaced = ?, replaced_by = ?, replaced_in = ? WHERE event = ? AND replaced IS NULL",
        time,
        by,
        milliseconds,
        drift,
      );
    },
  },
};

/** Where drift stands. `open`: its instance is being replaced. `running`: it was only told, and the instance runs on. `ended`: the instance is gone, and not because of it. */
export type DriftStatus = "open" | "running" | "replaced" | "ended";

/** Drift by the record. Moments are ISO 8601, but for `seen` and `found`, which are milliseconds since 1970. */
export type RecordedDrift = EventData["drift.found"] & {
  /** The number of its event. */
  readonly id: number;
  readonly recorded: string;
  readonly status: DriftStatus;
  /** `milliseconds`: from what was seen. `by`: the instance that serves in its place. */
  readonly replaced?: { readonly at: string; readonly by?: string; readonly milliseconds: number };
};

export type DriftFilter = {
  readonly environment?: string;
  readonly service?: string;
  readonly instance?: string;
  /** ISO 8601; by when it was recorded. */
  readonly since?: string;
  /** Only where the instance is still there. */
  readonly isOpen?: boolean;
  /** At most so many, the newest; before this number. */
  readonly most?: number;
  readonly before?: number;
};

/** An instance of which nothing is known is there: drift is told rather than forgotten. */
const selectDrift =
  "SELECT d.*, i.ended FROM drifts d LEFT JOIN instances i ON i.id = d.instance AND i.environment = d.environment AND i.service = d.service";

/** Newest first. */
export function listDrift(state: Database, filter: DriftFilter = {}): readonly RecordedDrift[] {
  const { environment, service, instance, since, isOpen = false, most = 1000, before } = filter;
  return state
    .all<DriftRow>(
      `${selectDrift} WHERE (?1 IS NULL OR d.environment = ?1) AND (?2 IS NULL OR d.service = ?2) AND (?3 IS NULL OR d.instance = ?3)
        AND (?4 IS NULL OR d.recorded >= ?4) AND (?5 = 0 OR (d.replaced IS NULL AND i.ended IS NULL)) AND (?6 IS NULL OR d.event < ?6) ORDER BY d.event DESC LIMIT ?7`,
      environment ?? null,
      service ?? null,
      instance ?? null,
      since ?? null,
      isOpen ? 1 : 0,
      before ?? null,
      most,
    )
    .map(toDrift);
}

export function findDrift(state: Database, id: number): RecordedDrift | undefined {
  const row = state.get<DriftRow>(`${selectDrift} WHERE d.event = ?`, id);
  return row === undefined ? undefined : toDrift(row);
}

/** Of an instance: so many, and the newest of the same kind. */
export function knownDrift(
  state: Database,
  { instance, rule, subject, response }: Pick<EventData["drift.found"], "instance" | "rule" | "subject" | "response">,
): { readonly count: number; readonly last?: number; readonly same?: number } {
  const of = "FROM drifts WHERE instance = ?";
  const sql = `SELECT count(*) AS count, max(event) AS last ${of}`;
  const { count = 0, last = null } = state.get<{ count: number; last: number | null }>(sql, instance) ?? {};
  const same = state.get<{ event: number }>(
    `SELECT event ${of} AND rule = ? AND subject = ? AND response = ? ORDER BY event DESC LIMIT 1`,
    instance,
    rule,
    subject,
    response,
  )?.event;
  return { count, ...(last === null ? {} : { last }), ...(same === undefined ? {} : { same }) };
}

type DriftRow = {
  readonly event: number;
  readonly data: string;
  readonly recorded: string;
  readonly replaced: string | null;
  readonly replaced_by: string | null;
  readonly replaced_in: number | null;
  readonly ended: string | null;
};

function toDrift(row: DriftRow): RecordedDrift {
  const data = fromJson<EventData["drift.found"]>(row.data);
  const { event: id, recorded, replaced, replaced_by: by, replaced_in: milliseconds } = row;
  return {
    ...data,
    id,
    recorded,
    status: statusOf(row, data.response),
    ...(replaced === null
      ? {}
      : { replaced: { at: replaced, milliseconds: milliseconds ?? 0, ...(by === null ? {} : { by }) } }),
  };
}

function statusOf({ replaced, ended }: DriftRow, response: EventData["drift.found"]["response"]): DriftStatus {
  if (replaced !== null) return "replaced";
  if (ended !== null) return "ended";
  return response === "frozen" || response === "gone" ? "open" : "running";
}
