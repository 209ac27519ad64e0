import type { Database } from "../../ledger/projection/database.ts";
import type { NumberedEvent } from "../../ledger/event.ts";
import type { EventData } from "../events/events.ts";
import type { Subject } from "./subject.ts";

export const rolloutState: Subject = {
  tables: [
    // since: of the status; started: when it began, was resumed or went on; held: the status before a pause.
    `CREATE TABLE rollouts (id INTEGER PRIMARY KEY, environment TEXT NOT NULL, service TEXT NOT NULL, release INTEGER NOT NULL, image TEXT NOT NULL, kind TEXT NOT NULL, strategy TEXT NOT NULL,
      from_release INTEGER, status TEXT NOT NULL, since TEXT NOT NULL, started TEXT NOT NULL, held TEXT, promoted INTEGER NOT NULL, created TEXT NOT NULL, ended TEXT, why TEXT) STRICT`,
    "CREATE INDEX rollouts_of_service ON rollouts (environment, service, id)",
    `CREATE TABLE quarantine (environment TEXT NOT NULL, service TEXT NOT NULL, image TEXT NOT NULL, why TEXT NOT NULL, since TEXT NOT NULL,
      PRIMARY KEY (environment, service, image)) STRICT, WITHOUT ROWID`,
  ],
  apply: {
    "rollout.created": (state, data, { index, time }) => {
      const { environment, service, release, image, kind, strategy, from } = data;
      state.run(
        "INSERT OR IGNORE INTO rollouts VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, NULL, 0, ?, NULL, NULL)",
        index,
        environment,
        service,
        release,
        image,
        kind,
        strategy,
        from ?? null,
        time,
        time,
        time,
      );
    },
    "rollout.moved": (state, { rollout, to }, { time }) => {
      const where = "WHERE id = ? AND ended IS NULL AND status <> 'paused'";
      // What waited for a person may have waited for days: the time for progress begins anew.
      if (to === "promoting") state.run(`UPDATE rollouts SET started = ? ${where}`, time, rollout);
      const isWaiting = "status IN ('pending', 'awaiting-promotion')";
      if (to === "running") state.run(`UPDATE rollouts SET started = ? ${where} AND ${isWaiting}`, time, rollout);
      state.run(`UPDATE rollouts SET status = ?, since = ? ${where}`, to, time, rollout);
    },
    "rollout.paused": (state, { rollout }, { time }) => {
      const set =
        "UPDATE rollouts SET held = status, status = 'paused', since = ? WHERE id = ? AND ended IS NULL AND status <> 'paused'";
      state.run(set, time, rollout);
    },
    "rollout.resumed": (state, { rollout }, { time }) => {
      const set =
        "UPDATE rollouts SET status = held, held = NULL, since = ?, started = ? WHERE id = ? AND ended IS NULL AND status = 'paused'";
      state.run(set, time, time, rollout);
    },
    "rollout.promoted": (state, { rollout }) => {
      state.run("UPDATE rollouts SET promoted = 1 WHERE id = ?", rollout);
    },
    "rollout.succeeded": (state, { rollout }, event) => end(state, { rollout, status: "successful", event }),
    "rollout.failed": (state, { rollout, why }, event) => end(state, { rollout, status: "failed", event, why }),
    "rollout.cancelled": (state, { rollout, reason: why }, event) =>
      end(state, { rollout, status: "cancelled", event, why }),
    "image.quarantined": (state, { environment, service, image, why }, { time }) => {
      state.run("INSERT OR REPLACE INTO quarantine VALUES (?, ?, ?, ?, ?)", environment, service, image, why, time);
    },
    "quarantine.lifted": (state, { environment, service, image }) => {
      const where = "environment = ? AND service = ? AND image = ?";
      state.run(`DELETE FROM quarantine WHERE ${where}`, environment, service, image);
    },
  },
};

type Ended = {
  readonly rollout: number;
  readonly status: string;
  readonly event: NumberedEvent;
  readonly why?: string;
};

function end(state: Database, { rollout, status, event, why }: Ended): void {
  const set = "UPDATE rollouts SET status = ?, since = ?, ended = ?, why = ? WHERE id = ? AND ended IS NULL";
  state.run(set, status, event.time, event.time, why ?? null, rollout);
}

/** Times in ISO 8601. `since`: of its status. */
export type RecordedRollout = {
  readonly id: number;
  readonly environment: string;
  readonly service: string;
  readonly release: number;
  readonly image: string;
  readonly kind: EventData["rollout.created"]["kind"];
  readonly strategy: EventData["rollout.created"]["strategy"];
  readonly from?: number;
  readonly status: EventData["rollout.moved"]["to"] | "pending" | "paused" | "successful" | "failed" | "cancelled";
  readonly since: string;
  /** Of a paused one: what it goes on as. */
  readonly resumesAs?: EventData["rollout.moved"]["to"] | "pending";
  /** When it began, was resumed, or went on: from here on there must be progress. */
  readonly started: string;
  readonly isPromoted: boolean;
  readonly created: string;
  readonly ended?: string;
  /** Why it ended otherwise than well. */
  readonly why?: string;
};

type Of = { readonly environment: string; readonly service: string };

/** Newest first. */
export function listRollouts(state: Database, { environment, service }: Of, most = 1000): readonly RecordedRollout[] {
  const where = "WHERE environment = ? AND service = ? ORDER BY id DESC LIMIT ?";
  return state.all<RolloutRow>(`SELECT * FROM rollouts ${where}`, environment, service, most).map(toRollout);
}

/** The one that has not ended. */
export function openRolloutOf(state: Database, { environment, service }: Of): RecordedRollout | undefined {
  const where = "WHERE environment = ? AND service = ? AND ended IS NULL ORDER BY id DESC LIMIT 1";
  return first(state.all<RolloutRow>(`SELECT * FROM rollouts ${where}`, environment, service));
}

/** The last one that ended, however it did. */
export function lastEndedOf(state: Database, { environment, service }: Of): RecordedRollout | undefined {
  const where = "WHERE environment = ? AND service = ? AND ended IS NOT NULL ORDER BY ended DESC, id DESC LIMIT 1";
  return first(state.all<RolloutRow>(`SELECT * FROM rollouts ${where}`, environment, service));
}

/** Of a release, the newest. */
export function rolloutOfRelease(state: Database, of: Of & { readonly number: number }): RecordedRollout | undefined {
  const where = "WHERE environment = ? AND service = ? AND release = ? ORDER BY id DESC LIMIT 1";
  return first(state.all<RolloutRow>(`SELECT * FROM rollouts ${where}`, of.environment, of.service, of.number));
}

/** The number of the release whose rollout was the last one to end well. */
export function stableOf(state: Database, { environment, service }: Of): number | undefined {
  const where = "WHERE environment = ? AND service = ? AND status = 'successful' ORDER BY ended DESC, id DESC LIMIT 1";
  return state.get<{ release: number }>(`SELECT release FROM rollouts ${where}`, environment, service)?.release;
}

/** Every service that was ever to run. */
export function listRolledOut(state: Database): readonly Of[] {
  return state.all<Of>("SELECT DISTINCT environment, service FROM rollouts ORDER BY environment, service");
}

/** Digests of images that failed in a service, and why; `since` in ISO 8601. */
export type Quarantined = Of & { readonly image: string; readonly why: string; readonly since: string };

export function listQuarantined(state: Database, { environment, service }: Of): readonly Quarantined[] {
  const where = "WHERE environment = ? AND service = ? ORDER BY image";
  return state.all<Quarantined>(`SELECT * FROM quarantine ${where}`, environment, service);
}

export function findQuarantined(state: Database, of: Of & { readonly image: string }): Quarantined | undefined {
  const where = "WHERE environment = ? AND service = ? AND image = ?";
  return state.get<Quarantined>(`SELECT * FROM quarantine ${where}`, of.environment, of.service, of.image);
}

type RolloutRow = Omit<RecordedRollout, "from" | "isPromoted" | "ended" | "why" | "resumesAs"> & {
  readonly from_release: number | null;
  readonly promoted: number;
  readonly ended: string | null;
  readonly why: string | null;
  readonly held: NonNullable<RecordedRollout["resumesAs"]> | null;
};

function first(rows: readonly RolloutRow[]): RecordedRollout | undefined {
  const [row] = rows;
  return row === undefined ? undefined : toRollout(row);
}

function toRollout({ from_release: from, promoted, ended, why, held, ...rest }: RolloutRow): RecordedRollout {
  return {
    ...rest,
    isPromoted: promoted === 1,
    ...(from === null ? {} : { from }),
    ...(held === null ? {} : { resumesAs: held }),
    ...(ended === null ? {} : { ended }),
    ...(why === null ? {} : { why }),
  };
}
