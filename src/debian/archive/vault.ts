import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { syncFolder } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { mirrorOf, type ArchivePlan } from "./archive-plan.ts";
import { withoutCredentials } from "./credentials.ts";
import { fetchToVault, type WantedArchive } from "./fetch-to-vault.ts";
import { together } from "./together.ts";
import { usualPatience, type Patience } from "./transfer.ts";
import { isInVault, vaultPath } from "./vault-files.ts";

/** Enough to fill a line over many small files, and few enough for any mirror's manners. */
const connections = 6;

/**
 * Makes sure that the vault has these package files, and returns their absolute paths by hex SHA-256. No mirror is
 * asked for what is there. A plan given as a function is asked for only when something is missing, so that a full
 * vault needs no mirror at all. The content of a file that was there already is verified by its reader
 * (`readVerified`). Throws `download-missing`, `download-corrupt`, `download-failed`, `cancelled`; what is complete
 * by then stays, and parts are resumed by the next call.
 */
export async function fetchArchives(
  ctx: Context,
  plan: ArchivePlan | (() => ArchivePlan),
  wanted: readonly WantedArchive[],
  options: { readonly patience?: Patience } = {},
): Promise<ReadonlyMap<string, string>> {
  const files = new Map(wanted.map((file) => [file.sha256, file]));
  const missing = [...files.values()].filter((file) => !isInVault(ctx.home, file));
  if (missing.length > 0) {
    const patience = options.patience ?? usualPatience;
    const found = typeof plan === "function" ? plan() : plan;
    await withoutCredentials(() => fetchMissing(ctx, found, { missing, patience }));
  }
  return new Map([...files.keys()].map((sha256) => [sha256, vaultPath(ctx.home, sha256)]));
}

/**
 * The path of a file of the vault by its hex SHA-256, for its reader to verify; undefined when it is not there. Asks
 * no mirror.
 */
export function findInVault(ctx: Context, sha256: string): string | undefined {
  const path = vaultPath(ctx.home, sha256);
  return existsSync(path) ? path : undefined;
}

async function fetchMissing(
  ctx: Context,
  plan: ArchivePlan,
  { missing, patience }: { readonly missing: readonly WantedArchive[]; readonly patience: Patience },
): Promise<void> {
  const total = missing.reduce((sum, file) => sum + file.size, 0);
  const task = ctx.report.task("fetching packages", { total, unit: "bytes" });
  // The largest first: begun last, one of them would keep all others waiting at the end.
  const items = missing.toSorted((a, b) => b.size - a.size);
  const paths = await together(ctx, { items, limit: connections }, (scoped, file) =>
    fetchToVault(scoped, file, { mirror: mirrorOf(plan, file.archive), patience, advance: task.advance }),
  );
  for (const folder of new Set(paths.map((path) => dirname(path)))) syncFolder(folder);
  task.done(`fetched ${missing.length} packages`);
}
