import type { Context } from "../../ground/context.ts";
import type { ArchivePlan } from "../archive/archive-plan.ts";
import { readSuites } from "../archive/read-suites.ts";
import { compareVersions } from "../resolve/version.ts";
import type { Suite, SuiteIndex } from "../suite.ts";
import { findEntriesBetween, type EntryBetween } from "./entries-between.ts";
import { fetchChangelogs } from "./fetch-changelogs.ts";
import type { ChangelogEntry } from "./parse-changelog.ts";
import { findSourceBinaries, type SourceBinary } from "./source-versions.ts";

/** A source package by name and version. */
export type SourceVersion = { readonly name: string; readonly version: string };

/** A newer version of an installed source package in the security suite. */
export type SecurityUpdate = {
  readonly source: string;
  readonly installed: string;
  readonly newest: string;
  /** What changed on the way there, the newest first; empty where no package of it carries a changelog. */
  readonly entries: readonly EntryBetween[];
  /** The changelog of the installed version, its own entry first; empty where nobody has it any more. */
  readonly history: readonly ChangelogEntry[];
};

export type SecurityUpdates = {
  readonly suite: Suite;
  /** Compares source versions only: a binary version says nothing about what it was built from. Fetches changelogs. */
  readonly find: (installed: readonly SourceVersion[]) => Promise<readonly SecurityUpdate[]>;
};

/**
 * Opens the security suite of a release: reads and verifies its lists as `ingot lock` does. `plan` has all suites of the release. Undefined for a release that has
 * none. Throws what `readSuites` throws; `find` also what `fetchArchives` and `readDeb` throw.
 */
export async function openSecurityUpdates(ctx: Context, plan: ArchivePlan): Promise<SecurityUpdates | undefined> {
  const isSecurity = (suite: { readonly archive: Suite["archive"] }) => suite.archive === "security";
  const [index] = await readSuites(ctx, { ...plan, suites: plan.suites.filter(isSecurity) });
  if (!index) return undefined;
  return { suite: index.suite, find: (installed) => findUpdates(ctx, { plan, index, installed }) };
}

type Question = {
  readonly plan: ArchivePlan;
  readonly index: SuiteIndex;
  readonly installed: readonly SourceVersion[];
};

async function findUpdates(ctx: Context, question: Question): Promise<readonly SecurityUpdate[]> {
  const { plan, index, installed } = question;
  const binaries = findSourceBinaries(index, new Set(installed.map(({ name }) => name)));
  const outdated = installed.filter(({ name, version }) => {
    const [newest] = binaries.get(name) ?? [];
    return newest !== undefined && compareVersions(version, newest.sourceVersion) < 0;
  });
  const newest = new Map(outdated.map(({ name }) => [name, newestOf(binaries.get(name) ?? [])]));
  const changelogs = await fetchChangelogs(ctx, plan, newest);
  const updates = outdated.map(({ name, version }): SecurityUpdate => {
    const to = newest.get(name)?.[0]?.sourceVersion ?? version;
    const { entries, history } = findEntriesBetween(changelogs.get(name) ?? [], { installed: version, newest: to });
    return { source: name, installed: version, newest: to, entries, history };
  });
  return await addHistories(ctx, plan, updates);
}

function newestOf(binaries: readonly SourceBinary[]): readonly SourceBinary[] {
  return binaries.filter(({ sourceVersion }) => sourceVersion === binaries[0]?.sourceVersion);
}

/**
 * Where a version came from another branch, its changelog does not know the installed one, and names again what that has fixed long since. The installed one's own
 * changelog tells, as long as the archive has it.
 */
async function addHistories(
  ctx: Context,
  plan: ArchivePlan,
  updates: readonly SecurityUpdate[],
): Promise<readonly SecurityUpdate[]> {
  const lacking = updates.filter(({ history, entries }) => history.length === 0 && entries.length > 0);
  if (lacking.length === 0) return updates;
  const wanted = new Set(lacking.map(({ source }) => source));
  const suites = (await readSuites(ctx, plan)).map((index) => findSourceBinaries(index, wanted));
  const binaries = lacking.map((update): [string, readonly SourceBinary[]] => {
    const all = suites.flatMap((suite) => suite.get(update.source) ?? []);
    return [keyOf(update), all.filter(({ sourceVersion }) => sourceVersion === update.installed)];
  });
  const changelogs = await fetchChangelogs(ctx, plan, new Map(binaries));
  return updates.map((update) => ({ ...update, history: changelogs.get(keyOf(update)) ?? update.history }));
}

function keyOf({ source, installed }: SecurityUpdate): string {
  return `${source} ${installed}`;
}
