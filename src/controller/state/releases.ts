import type { Database } from "../../ledger/projection/database.ts";
import type { EventData } from "../events/events.ts";
import { fromJson } from "./from-json.ts";
import type { Subject } from "./subject.ts";

export const releaseState: Subject = {
  tables: [
    `CREATE TABLE releases (environment TEXT NOT NULL, service TEXT NOT NULL, number INTEGER NOT NULL, image TEXT NOT NULL, data TEXT NOT NULL, created_by TEXT NOT NULL, created TEXT NOT NULL,
      event INTEGER NOT NULL, PRIMARY KEY (environment, service, number)) STRICT, WITHOUT ROWID`,
    "CREATE INDEX releases_of_image ON releases (image)",
  ],
  apply: {
    "release.created": (state, data, { index, actor, time }) => {
      const { environment, service, number, image } = data;
      state.run(
        "INSERT OR IGNORE INTO releases VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        environment,
        service,
        number,
        image,
        JSON.stringify(data),
        actor,
        time,
        index,
      );
    },
  },
};

export type Release = EventData["release.created"] & {
  readonly createdBy: string;
  readonly created: string;
  readonly event: number;
};

/** Newest first. */
export function listReleases(
  state: Database,
  of: { readonly environment: string; readonly service: string },
  most = 1_000_000,
): readonly Release[] {
  return state
    .all<ReleaseRow>(
      "SELECT * FROM releases WHERE environment = ? AND service = ? ORDER BY number DESC LIMIT ?",
      of.environment,
      of.service,
      most,
    )
    .map(toRelease);
}

/** The newest release of every service, in every environment or in one, in their order. */
export function listCurrent(state: Database, environment?: string): readonly Release[] {
  const where = environment === undefined ? "" : "WHERE environment = ?";
  return state
    .all<ReleaseRow>(
      `SELECT r.* FROM releases r JOIN (SELECT environment, service, max(number) AS number FROM releases ${where} GROUP BY environment, service) newest
        USING (environment, service, number) ORDER BY environment, service`,
      ...(environment === undefined ? [] : [environment]),
    )
    .map(toRelease);
}

/** Current releases of an image in an environment that went around the policy. */
export function listBroken(
  state: Database,
  { environment, image }: { readonly environment: string; readonly image: string },
): readonly Release[] {
  return state
    .all<ReleaseRow>(
      `SELECT * FROM releases r WHERE image = ? AND environment = ? AND json_extract(data, '$.breakGlass') IS NOT NULL
        AND number = (SELECT max(number) FROM releases n WHERE n.environment = r.environment AND n.service = r.service)`,
      image,
      environment,
    )
    .map(toRelease);
}

export function findRelease(
  state: Database,
  { environment, service, number }: { readonly environment: string; readonly service: string; readonly number: number },
): Release | undefined {
  const row = state.get<ReleaseRow>(
    "SELECT * FROM releases WHERE environment = ? AND service = ? AND number = ?",
    environment,
    service,
    number,
  );
  return row === undefined ? undefined : toRelease(row);
}

/** Environments in which an image was released with the policy's leave, not by breaking the glass; in order. */
export function environmentsOf(state: Database, image: string): readonly string[] {
  return state
    .all<{ environment: string }>(
      "SELECT DISTINCT environment FROM releases WHERE image = ? AND json_extract(data, '$.breakGlass') IS NULL ORDER BY environment",
      image,
    )
    .map(({ environment }) => environment);
}

export function releasesOf(state: Database, image: string): readonly Release[] {
  return state.all<ReleaseRow>("SELECT * FROM releases WHERE image = ? ORDER BY event", image).map(toRelease);
}

type ReleaseRow = {
  readonly data: string;
  readonly created_by: string;
  readonly created: string;
  readonly event: number;
};

function toRelease({ data, created_by, created, event }: ReleaseRow): Release {
  return { ...fromJson<EventData["release.created"]>(data), createdBy: created_by, created, event };
}
