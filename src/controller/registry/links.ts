import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolders } from "../../ground/make-folders.ts";
import { hexOf, isDigest, type Digest } from "../../oci/digest.ts";

/**
 * Blobs that are in a repository before any manifest lists them, as empty files `links/REPOSITORY/_blobs/HEX`: no part of a repository's name begins with `_`. What a
 * manifest lists is in the state; these are for the time between.
 */
export type Links = {
  /** Durable when it resolves. A link that was there counts as made anew. */
  readonly add: (repository: string, digest: Digest) => Promise<void>;
  readonly has: (repository: string, digest: Digest) => boolean;
  /** False when it was not there. */
  readonly remove: (repository: string, digest: Digest) => boolean;
  /** Every link, with the time at which it was made, in milliseconds. */
  readonly list: () => readonly Link[];
};

export type Link = { readonly repository: string; readonly digest: Digest; readonly made: number };

export function openLinks(folder: string): Links {
  const pathOf = (repository: string, digest: Digest): string => join(folder, repository, "_blobs", hexOf(digest));
  return {
    add: (repository, digest) => add(folder, pathOf(repository, digest)),
    has: (repository, digest) => existsSync(pathOf(repository, digest)),
    remove: (repository, digest) => remove(pathOf(repository, digest)),
    list: () => listLinks(folder),
  };
}

async function add(root: string, path: string): Promise<void> {
  const parent = dirname(path);
  const isNew = !existsSync(parent);
  makeFolders(parent);
  {
    await using file = await open(path, "w", 0o600);
    const now = new Date();
    await file.utimes(now, now);
    await file.sync();
  }
  await syncFolder(parent);
  if (!isNew) return;
  for (let above = dirname(parent); above.length >= root.length; above = dirname(above)) await syncFolder(above);
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

/** Its folders stay: another request may be about to put a link there. */
function remove(path: string): boolean {
  if (!existsSync(path)) return false;
  rmSync(path, { force: true });
  return true;
}

function listLinks(root: string): readonly Link[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: "utf8" }).flatMap((path) => {
    const [, repository = "", hex = ""] = /^(.+)\/_blobs\/([0-9a-f]{64})$/.exec(path) ?? [];
    const digest = `sha256:${hex}`;
    if (!isDigest(digest)) return [];
    const stats = statSync(join(root, path), { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ repository, digest, made: stats.mtimeMs }];
  });
}
