import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";

/** Where an image is built a second time. */
export type RebuildHome = {
  /** As `ctx`, with a home that holds nothing of the first build: no layer, no cache, no index. */
  readonly ctx: Context;
  /** An empty folder for the files of the project. */
  readonly project: string;
};

/**
 * Gives `work` a home that shares the vault with the usual one and nothing else: its packages are verified by the checksums of the lock whenever they are
 * read, so that sharing them proves as much as fetching them again. Without `home` it is gone afterwards.
 */
export async function withRebuildHome<T>(
  ctx: Context,
  options: { readonly home?: string },
  work: (home: RebuildHome) => Promise<T>,
): Promise<T> {
  const folder = options.home === undefined ? ownFolder(ctx) : resolve(ctx.cwd, options.home);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw notEmpty(folder);
  const home = join(folder, "home");
  const project = join(folder, "project");
  try {
    // For its owner only: the sources of the image, and its set-user-id programs.
    for (const path of [folder, home, project]) mkdirSync(path, { recursive: true, mode: 0o700 });
    mkdirSync(join(ctx.home, "vault"), { recursive: true });
    symlinkSync(join(ctx.home, "vault"), join(home, "vault"));
    return await work({ ctx: { ...ctx, home }, project });
  } finally {
    if (options.home === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function ownFolder(ctx: Context): string {
  const parent = join(ctx.home, "tmp");
  mkdirSync(parent, { recursive: true });
  // What a killed rebuild left.
  for (const name of readdirSync(parent)) {
    const [, pid] = /^rebuild-([0-9]+)-/.exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(parent, name), { recursive: true, force: true });
  }
  return join(parent, `rebuild-${process.pid}-${ctx.randomBytes(4).toString("hex")}`);
}

function notEmpty(folder: string): IngotError {
  return new IngotError("usage", `expected a new or empty folder for --home, and ${folder} holds something`, {
    hint: "what an earlier build left there could be taken for what this one makes",
  });
}
