import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../ground/error.ts";
import { isDigest, type Digest } from "./digest.ts";
import type { Layout } from "./layout.ts";
import { nameOf, readIndex, withIndexLock, writeIndex } from "./layout/references.ts";
import { markReachable } from "./layout/reachable.ts";
import { namedLists, subjectOfUnnamed } from "./referrers/layout-list.ts";
import { subjectOfName } from "./referrers/referrers-index.ts";

export type CollectOptions = {
  /** Manifests that must stay beside the named ones: those of running instances, of a build that is going on. */
  readonly roots?: readonly Digest[];
  /** Blobs that something else than this layout needs, such as a registry whose content is here: they stay, and what they list must be of them too. */
  readonly keep?: (digest: Digest) => boolean;
  /** Blobs younger than this many milliseconds stay: a build or pull may be about to name them. Default one hour. */
  readonly grace?: number;
  /** Only say what would go. */
  readonly dryRun?: boolean;
  readonly now?: Date;
};

export type Collected = {
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
  /** Temporary files that a crash left. */
  readonly temporaries: readonly string[];
  /** Bytes freed (or that would be). */
  readonly freed: number;
};

/** Removes from a layout what no name, no root and no referrer reaches. Holds the lock of the names, so none is set meanwhile. */
export function collectGarbage(layout: Layout, options: CollectOptions = {}): Promise<Collected> {
  return withIndexLock(layout.folder, () => sweep(layout, options));
}

function sweep(layout: Layout, options: CollectOptions): Collected {
  const { roots = [], keep = () => false, grace = 3_600_000, dryRun = false, now = new Date() } = options;
  const isOld = ({ mtimeMs }: { mtimeMs: number }): boolean => now.getTime() - mtimeMs >= grace;
  const blobs = listBlobs(layout);
  const kept = new Set(blobs.map(({ digest }) => digest).filter(keep));
  // A young manifest keeps what it lists: a build stores its parts, some of them long before, and names them last.
  const young = blobs.filter((blob) => !isOld(blob)).map(({ digest }) => digest);
  // What is attached to an image, by its list or by an entry without a name, goes with that image.
  const images = layout.listManifests().filter((entry) => subjectOfUnnamed(layout, entry) === undefined);
  const lists = namedLists(layout.folder);
  const reachable = markReachable(layout, [...images.map(({ digest }) => digest), ...roots, ...young], {
    lists: new Map(lists.map(({ subject, descriptor }) => [subject, descriptor.digest])),
    known: kept,
  });
  const garbage = blobs.filter((blob) => !reachable.has(blob.digest) && !kept.has(blob.digest) && isOld(blob));
  const temporaries = listTemporaries(layout.folder).filter(isOld);
  // The names before the content: after a crash nothing is named that is gone.
  if (!dryRun) forgetAttached(layout, reachable);
  // Manifests first: after a crash no manifest is left whose parts are gone.
  const swept = garbage
    .toSorted((a, b) => a.size - b.size)
    .filter(({ digest }) => dryRun || removeOld(layout.blobPath(digest), isOld));
  if (!dryRun) for (const { path } of temporaries) rmSync(path, { force: true });
  return {
    blobs: swept.map(({ digest, size }) => ({ digest, size })),
    temporaries: temporaries.map(({ path }) => path),
    freed: [...swept, ...temporaries].reduce((sum, { size }) => sum + size, 0),
  };
}

/** Takes the lists of what is attached to images that go, and entries attached to them, out of `index.json`. */
function forgetAttached(layout: Layout, reachable: ReadonlySet<Digest>): void {
  const index = readIndex(layout.folder);
  const manifests = index.manifests.filter((entry) => {
    const subject = subjectOfName(nameOf(entry) ?? "");
    return reachable.has(subject ?? entry.digest);
  });
  if (manifests.length < index.manifests.length) writeIndex(layout.folder, { ...index, manifests });
}

/** Removes a blob unless somebody stored it again since it was listed. */
function removeOld(path: string, isOld: (file: { mtimeMs: number }) => boolean): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !isOld(stats)) return false;
  rmSync(path, { force: true });
  return true;
}

export type BlobFile = { readonly digest: Digest; readonly size: number; readonly mtimeMs: number };

/** Every blob of a layout, by the names of the files. */
export function listBlobs(layout: Layout): BlobFile[] {
  return listFiles(join(layout.folder, "blobs/sha256")).flatMap(({ name, size, mtimeMs }) => {
    const digest = `sha256:${name}`;
    return isDigest(digest) ? [{ digest, size, mtimeMs }] : [];
  });
}

function listTemporaries(folder: string): ListedFile[] {
  const beside = listFiles(folder).filter(({ name }) => name.endsWith(".tmp"));
  return [...beside, ...listFiles(join(folder, "ingest"))];
}

type ListedFile = { readonly name: string; readonly path: string; readonly size: number; readonly mtimeMs: number };

function listFiles(folder: string): ListedFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    try {
      const stats = statSync(path);
      return stats.isFile() ? [{ name, path, size: stats.size, mtimeMs: stats.mtimeMs }] : [];
    } catch (error) {
      // Another process finished or gave up its temporary file in this moment.
      if (isErrno(error, "ENOENT")) return [];
      throw error;
    }
  });
}
