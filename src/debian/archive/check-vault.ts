import { createHash } from "node:crypto";
import { createReadStream, closeSync, globSync, openSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Context } from "../../ground/context.ts";
import { tryLock } from "../../ground/libc.ts";
import { vaultFolder } from "./vault-files.ts";

export type VaultReport = {
  readonly files: number;
  readonly bytes: number;
  /** Absolute paths of files whose content is not what their name says. */
  readonly damaged: readonly string[];
};

/**
 * Reads every file of the vault and compares it with its name. `remove` takes the damaged ones away, so that they are
 * fetched again.
 */
export async function checkVault(ctx: Context, options: { readonly remove?: boolean } = {}): Promise<VaultReport> {
  const paths = listVault(ctx.home);
  const bytes = sizeOf(paths);
  const task = ctx.report.task("checking the vault", { total: bytes, unit: "bytes" });
  const damaged: string[] = [];
  for (const path of paths) {
    if (!(await isWhole(ctx, path))) damaged.push(path);
    task.advance(statSync(path).size);
  }
  task.done();
  if (options.remove) for (const path of damaged) rmSync(path, { force: true });
  return { files: paths.length, bytes, damaged };
}

/**
 * Removes every file of the vault whose hex SHA-256 is not in `keep`, and parts that nobody is fetching. Returns how
 * many files and bytes went. The caller makes sure that no build is running which has just fetched what no lock names
 * yet.
 */
export function sweepVault(
  home: string,
  keep: ReadonlySet<string>,
  options: { readonly dryRun?: boolean } = {},
): { readonly files: number; readonly bytes: number } {
  const parts = globSync(join(home, "vault/partial/*.part")).filter(isAbandoned);
  const dropped = [...listVault(home).filter((path) => !keep.has(basename(path, ".deb"))), ...parts];
  const bytes = sizeOf(dropped);
  if (!options.dryRun) for (const path of dropped) rmSync(path, { force: true });
  return { files: dropped.length, bytes };
}

function listVault(home: string): readonly string[] {
  return globSync(join(vaultFolder(home), "*/*.deb")).toSorted();
}

function sizeOf(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + statSync(path).size, 0);
}

async function isWhole(ctx: Context, path: string): Promise<boolean> {
  const sha256 = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), sha256, { signal: ctx.signal });
  return sha256.digest("hex") === basename(path, ".deb");
}

function isAbandoned(path: string): boolean {
  const file = openSync(path, "r");
  try {
    return tryLock(file);
  } finally {
    closeSync(file);
  }
}
