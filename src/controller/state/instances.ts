import type { Database } from "../../ledger/projection/database.ts";
import type { Subject } from "./subject.ts";

export const instanceState: Subject = {
  tables: [
    `CREATE TABLE instances (id TEXT PRIMARY KEY, environment TEXT NOT NULL, service TEXT NOT NULL, release INTEGER NOT NULL, image TEXT NOT NULL, why TEXT NOT NULL, started TEXT NOT NULL,
      ended TEXT, end_why TEXT) STRICT, WITHOUT ROWID`,
    "CREATE INDEX instances_of_service ON instances (environment, service) WHERE ended IS NULL",
    // What the content of an image was when it was first run: whoever changes the file on the host, and the note beside it, does not change this.
    `CREATE TABLE image_contents (image TEXT PRIMARY KEY, sha256 TEXT NOT NULL) STRICT, WITHOUT ROWID`,
    `CREATE TABLE condemned (instance TEXT PRIMARY KEY, why TEXT NOT NULL, since TEXT NOT NULL) STRICT, WITHOUT ROWID`,
  ],
  apply: {
    "instance.started": (state, { environment, service, instance, release, image, why, content }, { time }) => {
      state.run(
        "INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
        instance,
        environment,
        service,
        release,
        image,
        why,
        time,
      );
      if (content !== undefined) state.run("INSERT OR IGNORE INTO image_contents VALUES (?, ?)", image, content);
    },
    "instance.ended": (state, { instance, why }, { time }) => {
      state.run("UPDATE instances SET ended = ?, end_why = ? WHERE id = ?", time, why, instance);
      state.run("DELETE FROM condemned WHERE instance = ?", instance);
    },
    // Drift that was only told of, by its mode or since there was too much of it at once, condemns nothing.
    "drift.found": (state, { instance, response }, { time }) => {
      if (response === "frozen" || response === "gone") condemn(state, { instance, why: "drift", time });
    },
    "instance.debugged": (state, { instance }, { time }) => condemn(state, { instance, why: "debugged", time }),
  },
};

type Condemned = { readonly instance: string; readonly why: "drift" | "debugged"; readonly time: string };

function condemn(state: Database, { instance, why, time }: Condemned): void {
  // Drift that is found where somebody was before is drift all the same.
  const more = "ON CONFLICT (instance) DO UPDATE SET why = excluded.why WHERE excluded.why = 'drift'";
  state.run(`INSERT INTO condemned VALUES (?, ?, ?) ${more}`, instance, why, time);
}

/** An instance by the record; times in ISO 8601. */
export type RecordedInstance = {
  readonly id: string;
  readonly environment: string;
  readonly service: string;
  readonly release: number;
  readonly image: string;
  readonly why: string;
  readonly started: string;
  readonly condemned?: { readonly why: "drift" | "debugged"; readonly since: string };
};

/** Instances that were started and of whose end nothing is on the record, in the order of their ids. */
export function listLiving(
  state: Database,
  of?: { readonly environment: string; readonly service: string },
): readonly RecordedInstance[] {
  const where = of === undefined ? "" : "AND environment = ? AND service = ?";
  return state
    .all<InstanceRow>(
      `SELECT i.id, environment, service, release, image, i.why, started, c.why AS condemned_why, c.since AS condemned_since
        FROM instances i LEFT JOIN condemned c ON c.instance = i.id WHERE ended IS NULL ${where} ORDER BY i.id`,
      ...(of === undefined ? [] : [of.environment, of.service]),
    )
    .map(({ condemned_why: why, condemned_since: since, ...rest }) => ({
      ...rest,
      ...(why === null || since === null ? {} : { condemned: { why, since } }),
    }));
}

/** An instance that was ever started, by its id. */
export function findInstance(
  state: Database,
  id: string,
): Pick<RecordedInstance, "environment" | "service" | "release" | "image"> | undefined {
  return state.get("SELECT environment, service, release, image FROM instances WHERE id = ?", id);
}

type InstanceRow = Omit<RecordedInstance, "condemned"> & {
  readonly condemned_why: "drift" | "debugged" | null;
  readonly condemned_since: string | null;
};

/** SHA-256 of what instances of an image run from, as it was first recorded. */
export function contentOf(state: Database, image: string): string | undefined {
  return state.get<{ sha256: string }>("SELECT sha256 FROM image_contents WHERE image = ?", image)?.sha256;
}
