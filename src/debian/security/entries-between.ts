import { isCode } from "../archive/retry.ts";
import { compareVersions } from "../resolve/version.ts";
import type { ChangelogEntry } from "./parse-changelog.ts";

/** An entry of the way from an installed version to a newer one. */
export type EntryBetween = ChangelogEntry & {
  /** The first version of the release that has this change, and its date. */
  readonly availableIn: string;
  readonly availableSince?: string;
};

export type Between = {
  /** The newest first, as in the changelog. */
  readonly entries: readonly EntryBetween[];
  /** The entry of the installed version and what is below it; empty where the changelog does not have that version. */
  readonly history: readonly ChangelogEntry[];
};

/**
 * The entries of a changelog after the installed version. A backport for a release, `2.0-1~deb12u1`, stands above the entry of `2.0-1` that it is made of, whose version is
 * the greater: so the place in the file decides where the way begins, and versions only where the installed one is not in it. A change of such an entry became
 * available with the entry above it that is not newer than `newest`.
 */
export function findEntriesBetween(
  changelog: readonly ChangelogEntry[],
  { installed, newest }: { readonly installed: string; readonly newest: string },
): Between {
  const own = changelog.findIndex((entry) => compare(entry.version, installed) === 0);
  const older = changelog.findIndex((entry) => isNotNewer(entry.version, installed));
  const end = own >= 0 ? own : older;
  const above = end < 0 ? changelog : changelog.slice(0, end);
  const entries: EntryBetween[] = [];
  let available: Pick<EntryBetween, "availableIn" | "availableSince"> = { availableIn: newest };
  for (const entry of above) {
    if (isNotNewer(entry.version, installed)) continue;
    if (isNotNewer(entry.version, newest)) available = availabilityOf(entry);
    entries.push({ ...entry, ...available });
  }
  return { entries, history: own < 0 ? [] : changelog.slice(own) };
}

function availabilityOf({ version, date }: ChangelogEntry): Pick<EntryBetween, "availableIn" | "availableSince"> {
  return { availableIn: version, ...(date === undefined ? {} : { availableSince: date }) };
}

function isNotNewer(version: string, than: string): boolean {
  const order = compare(version, than);
  return order !== undefined && order <= 0;
}

/** Undefined for what is no version: ancient entries have such, and one of them must not hide the others. */
function compare(a: string, b: string): number | undefined {
  try {
    return compareVersions(a, b);
  } catch (error) {
    if (isCode(error, ["version-malformed"])) return undefined;
    throw error;
  }
}
