import { hash } from "node:crypto";
import { globSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import { isErrno } from "../../ground/error.ts";
import { hideCredentials } from "./credentials.ts";
import type { ReleaseFile } from "./release.ts";

/**
 * What is remembered of a suite at one mirror, so that an unchanged list is not sent again and an older one is
 * noticed.
 */
export type SuiteRecord = {
  /** Root of the mirror without credentials, and name of the suite, for people who look into the cache. */
  readonly root: string;
  readonly suite: string;
  /** ISO 8601: the `Date` of the newest list that was accepted. */
  readonly date: string;
  /** From the mirror's answer, for the next conditional request; absent where it gives none. */
  readonly etag?: string;
  readonly lastModified?: string;
  /** The InRelease file as it came; verified again at every use. */
  readonly inRelease: string;
  /** SHA-256 of the index files that belong to it. */
  readonly indexes: readonly string[];
};

type Place = { readonly home: string; readonly root: string; readonly suite: string };

/** Below `$INGOT_HOME/cache`, so all of it may be deleted at any time. */
export function listsFolder(home: string): string {
  return join(home, "cache/lists");
}

/** Undefined when nothing, or nothing readable, is remembered: then the mirror is asked afresh. */
export function readSuiteRecord(place: Place): SuiteRecord | undefined {
  return readRecord(recordPath(place));
}

export function writeSuiteRecord(home: string, record: SuiteRecord): void {
  writeFileAtomic(recordPath({ home, ...record }), JSON.stringify(record));
}

/** An unpacked index by its content; undefined when it is not there or damaged. */
export function readCachedIndex(home: string, file: ReleaseFile): Buffer | undefined {
  try {
    const bytes = readFileSync(indexPath(home, file.sha256));
    return bytes.length === file.size && hash("sha256", bytes) === file.sha256 ? bytes : undefined;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Not durable: what a crash spoils is noticed by its hash. */
export function writeCachedIndex(home: string, sha256: string, bytes: Buffer): void {
  writeFileAtomic(indexPath(home, sha256), bytes, { durable: false });
}

/** Removes the indexes that no remembered suite has, for `ingot gc`. Returns the bytes freed. */
export function sweepLists(home: string): number {
  const names = globSync("*", { cwd: listsFolder(home) });
  const paths = names.map((name) => join(listsFolder(home), name));
  const records = paths.filter((path) => path.endsWith(".json")).map(readRecord);
  const kept = new Set(records.flatMap((record) => record?.indexes ?? []).map((sha256) => indexPath(home, sha256)));
  const dropped = paths.filter((path) => !path.endsWith(".json") && !kept.has(path));
  const freed = dropped.reduce((sum, path) => sum + statSync(path).size, 0);
  for (const path of dropped) rmSync(path, { force: true });
  return freed;
}

function recordPath({ home, root, suite }: Place): string {
  return join(listsFolder(home), `${hash("sha256", `${hideCredentials(root)} ${suite}`).slice(0, 32)}.json`);
}

function indexPath(home: string, sha256: string): string {
  return join(listsFolder(home), sha256);
}

function readRecord(path: string): SuiteRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as SuiteRecord;
  } catch (error) {
    if (isErrno(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
