import { mkdirSync } from "node:fs";
import { rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import type { Mirror } from "./archive-plan.ts";
import { absent } from "./fetch-bytes.ts";
import { withPartFile, type PartFile } from "./part-file.ts";
import { fromAnyMirror, isCode, withRetries } from "./retry.ts";
import { openUri, uriOf, type Patience } from "./transfer.ts";
import { isInVault, partPath, vaultPath } from "./vault-files.ts";

/**
 * A package file that a lock or a signed index names. `sha256` in hex, `size` in bytes, `path` below the archive's
 * root.
 */
export type WantedArchive = {
  readonly name: string;
  readonly version: string;
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  readonly archive: "main" | "security";
};

export type VaultFetch = {
  readonly mirror: Mirror;
  readonly patience: Patience;
  /** Bytes that became present; negative when a part had to be thrown away. */
  readonly advance: (bytes: number) => void;
};

/**
 * Brings one file into the vault and returns its path. It grows in a part file that survives a crash, and gets its
 * name in the vault only when its hash is right. Throws `download-missing`, `download-corrupt`, `download-failed`,
 * `cancelled`.
 */
export async function fetchToVault(ctx: Context, wanted: WantedArchive, fetch: VaultFetch): Promise<string> {
  try {
    return await withPartFile(ctx, partPath(ctx.home, wanted.sha256), (part) =>
      finish(ctx, part, { ...fetch, wanted }),
    );
  } catch (error) {
    throw isErrno(error, "ENOSPC") ? full(ctx, error, wanted) : error;
  }
}

async function finish(ctx: Context, part: PartFile, job: Completion): Promise<string> {
  const { wanted } = job;
  const path = vaultPath(ctx.home, wanted.sha256);
  const partial = partPath(ctx.home, wanted.sha256);
  if (isInVault(ctx.home, wanted)) {
    // Another process had it while we waited.
    await unlink(partial);
    job.advance(wanted.size);
    return path;
  }
  job.advance(part.length);
  await complete(ctx, part, job);
  await part.sync();
  mkdirSync(dirname(path), { recursive: true });
  await rename(partial, path);
  return path;
}

type Completion = VaultFetch & { readonly wanted: WantedArchive };

async function complete(ctx: Context, part: PartFile, job: Completion): Promise<void> {
  if (part.length >= job.wanted.size && (await isRight(part, job))) return;
  try {
    await fromAnyMirror(job.mirror.uris, (root) =>
      withRetries(ctx, job.patience, () => attempt(ctx, part, { ...job, uri: uriOf(root, job.wanted.path) })),
    );
  } catch (error) {
    throw isCode(error, ["download-missing"]) ? gone(error, job) : error;
  }
}

async function attempt(ctx: Context, part: PartFile, job: Completion & { readonly uri: string }): Promise<void> {
  const { uri, wanted } = job;
  const resumedAt = part.length;
  const opened = await openUri(ctx, uri, { offset: resumedAt, stall: job.patience.stall });
  if (opened.kind === "beyond") {
    await restart(part, job);
    throw new IngotError("download-failed", `${uri}: the mirror has only ${resumedAt} of ${wanted.size} bytes`);
  }
  if (opened.kind !== "content") throw absent(uri, opened);
  if (opened.start !== resumedAt) await restart(part, job);
  const isResumed = part.length > 0;
  for await (const chunk of opened.body) {
    await part.append(chunk);
    job.advance(chunk.length);
    // More than promised is wrong already; do not let a mirror fill the disk.
    if (part.length > wanted.size) break;
  }
  if (part.length < wanted.size) {
    throw new IngotError("download-failed", `${uri}: ended after ${part.length} of ${wanted.size} bytes`);
  }
  const { length } = part;
  const actual = part.digest();
  if (await isRight(part, job)) return;
  // What was there before may be to blame: an older part is no proof against this mirror, so it gets a whole chance.
  if (isResumed) throw new IngotError("download-failed", `${uri}: the parts do not make the right content`);
  throw corrupt({ uri, wanted, length, actual });
}

/** Whether the part has become the wanted content; when not, it is emptied: wrong content is never kept. */
async function isRight(part: PartFile, job: Completion): Promise<boolean> {
  if (part.length === job.wanted.size && part.digest() === job.wanted.sha256) return true;
  await restart(part, job);
  return false;
}

async function restart(part: PartFile, job: Completion): Promise<void> {
  job.advance(-part.length);
  await part.restart();
}

function corrupt(found: { uri: string; wanted: WantedArchive; length: number; actual: string }): IngotError {
  const { uri, wanted, length, actual } = found;
  return new IngotError(
    "download-corrupt",
    `${uri} is not ${wanted.name} ${wanted.version}: expected ${wanted.size} bytes with SHA-256 ${wanted.sha256}, got ${length > wanted.size ? "more" : length} with ${actual}`,
    { hint: "the mirror or someone before it serves altered files: try another mirror" },
  );
}

function full(ctx: Context, cause: unknown, wanted: WantedArchive): IngotError {
  return new IngotError(
    "disk-full",
    `no space is left in ${ctx.home} for ${wanted.name} ${wanted.version} (${wanted.size} bytes)`,
    {
      cause,
      hint: "free some space (ingot gc removes what no image needs), then run the same command again: it goes on where it stopped",
    },
  );
}

function gone(error: IngotError, { wanted, mirror }: Completion): IngotError {
  return new IngotError(
    "download-missing",
    `the mirror no longer has ${wanted.name} ${wanted.version} (${error.message})`,
    {
      cause: error,
      details: [...error.details, `the mirror is from ${mirror.from}`],
      hint: `"ingot lock --update ${wanted.name}" for the version it has now; or name a mirror that keeps old versions, or copy $INGOT_HOME/vault from a host that has it`,
    },
  );
}
