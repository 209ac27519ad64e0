import type { Context, Task } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { SuiteIndex } from "../suite.ts";
import type { ArchivePlan, PlannedSuite } from "./archive-plan.ts";
import { withoutCredentials } from "./credentials.ts";
import { readList, type ListRequest, type SuiteList } from "./in-release.ts";
import type { KeyringSource } from "./keyring-source.ts";
import { loadKeyring, type Keyring } from "./keyring.ts";
import { writeSuiteRecord } from "./lists-cache.ts";
import { readIndex } from "./read-index.ts";
import { fromAnyMirror, isCode, pause } from "./retry.ts";
import { together } from "./together.ts";
import { usualPatience, type Patience } from "./transfer.ts";

export type ReadOptions = {
  /** By suite, ISO 8601: the dates that a lock has. An older list is refused with `archive-rolled-back`. */
  readonly notBefore?: ReadonlyMap<string, string>;
  /** True by default; false when a lock is replayed. */
  readonly enforceValidUntil?: boolean;
  readonly patience?: Patience;
};

/**
 * Reads all suites of a plan: fetches their signed lists, verifies them against the keyring and the rules, and
 * returns their package indexes, in the plan's order. What has not changed comes from `$INGOT_HOME/cache/lists`.
 * Throws the archive, keyring and download errors of the catalogue.
 */
export function readSuites(ctx: Context, plan: ArchivePlan, options: ReadOptions = {}): Promise<readonly SuiteIndex[]> {
  return withoutCredentials(() => readAll(ctx, plan, options));
}

async function readAll(ctx: Context, plan: ArchivePlan, options: ReadOptions): Promise<readonly SuiteIndex[]> {
  const keyrings = new Map<KeyringSource, Promise<Keyring>>();
  const keyringOf = (source: KeyringSource) => {
    const keyring = keyrings.get(source) ?? loadKeyring(source);
    keyrings.set(source, keyring);
    return keyring;
  };
  const task = ctx.report.task("reading package lists", { unit: "bytes" });
  const limit = plan.suites.length;
  const read = await together(ctx, { items: plan.suites, limit }, async (scoped, planned) =>
    readSuite(scoped, planned, {
      ...options,
      task,
      architecture: plan.architecture,
      keyring: await keyringOf(planned.keyring),
    }),
  );
  task.done();
  return read;
}

type SuiteOptions = ReadOptions & { readonly task: Task; readonly architecture: string; readonly keyring: Keyring };

function readSuite(ctx: Context, planned: PlannedSuite, options: SuiteOptions): Promise<SuiteIndex> {
  return fromAnyMirror(planned.uris, (root) =>
    readSuiteAt(ctx, options.task, {
      planned,
      root,
      architecture: options.architecture,
      keyring: options.keyring,
      enforceValidUntil: (options.enforceValidUntil ?? true) && ctx.env.INGOT_ALLOW_EXPIRED_ARCHIVE !== "1",
      notBefore: options.notBefore?.get(planned.suite),
      patience: options.patience ?? usualPatience,
    }),
  );
}

async function readSuiteAt(ctx: Context, task: Task, request: ListRequest): Promise<SuiteIndex> {
  const list = await readList(ctx, request, { fresh: false });
  try {
    return await readIndexes(ctx, task, { ...request, list });
  } catch (error) {
    if (!isMismatch(error)) throw error;
  }
  // The mirror may be changing to its next state just now: list and index of different moments. Once more, past all
  // caches.
  await pause(ctx, request.patience.backoff);
  const again = await readList(ctx, request, { fresh: true });
  try {
    return await readIndexes(ctx, task, { ...request, list: again });
  } catch (error) {
    if (!isMismatch(error)) throw error;
    throw new IngotError(
      "archive-changing",
      `the package index of ${request.planned.suite} at ${request.root} does not belong to its signed list: ${error.message}`,
      { cause: error, hint: "the mirror is being updated: try again in some minutes, or use another mirror" },
    );
  }
}

async function readIndexes(
  ctx: Context,
  task: Task,
  request: ListRequest & { readonly list: SuiteList },
): Promise<SuiteIndex> {
  const { planned, root, architecture, patience, list } = request;
  const paths = planned.components.map((component) => `${component}/binary-${architecture}/Packages`);
  const packages: Buffer[] = [];
  for (const path of paths) {
    packages.push(
      await readIndex(ctx, {
        root,
        suite: planned.suite,
        release: list.release,
        path,
        patience,
        onBytes: task.advance,
      }),
    );
  }
  const indexes = paths.map((path) => list.release.files.get(path)?.sha256 ?? "");
  writeSuiteRecord(ctx.home, { ...list.record, indexes });
  return { suite: list.suite, packages };
}

/** Codes of an index that does not fit its list. */
function isMismatch(error: unknown): error is IngotError {
  return isCode(error, ["download-corrupt", "download-missing"]);
}
