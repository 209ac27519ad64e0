import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { syncFolder, writeFileAtomic } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { withFileLock } from "../../ground/file-lock.ts";
import { damaged } from "./line-table.ts";
import { contentFile, feedKinds, indexFormat, type Feed } from "./feed.ts";

export function feedsFolder(ctx: Pick<Context, "home">): string {
  return join(ctx.home, "feeds");
}

/** Where a feed's content and index are. */
export function dataFolder(ctx: Pick<Context, "home">, feed: Feed): string {
  return join(feedsFolder(ctx), feed.name, feed.data);
}

/** All that were added, by name. Throws `feed-damaged`. */
export function listFeeds(ctx: Pick<Context, "home">): readonly Feed[] {
  const folder = feedsFolder(ctx);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter(
      (entry) => entry.isDirectory() && isFeedName(entry.name) && existsSync(join(folder, entry.name, "feed.json")),
    )
    .map((entry) => readFeed(join(folder, entry.name, "feed.json"), entry.name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Throws `feed-unknown`. */
export function requireFeeds(ctx: Pick<Context, "home">, names: readonly string[]): readonly Feed[] {
  const feeds = listFeeds(ctx);
  return names.map((name) => {
    const feed = feeds.find((one) => one.name === name);
    if (feed) return feed;
    throw new IngotError("feed-unknown", `there is no feed ${name}`, {
      hint: feeds.length === 0 ? "ingot feeds add URL" : `ingot feeds list: ${feeds.map((one) => one.name).join(", ")}`,
    });
  });
}

/** Whether `removeFeed` has something to remove, even where it cannot be read. */
export function hasFeedFolder(ctx: Pick<Context, "home">, name: string): boolean {
  return isFeedName(name) && existsSync(join(feedsFolder(ctx), name));
}

/** A name becomes a folder: nothing in it may lead out of the folder of feeds, and none begins with a dot as our own files do. */
export function isFeedName(name: string): boolean {
  return /^[a-z0-9][a-z0-9.-]{0,62}$/.test(name);
}

/** Runs `work` while no other process changes feeds; what a killed one left is removed first. */
export function changeFeeds<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
  const folder = feedsFolder(ctx);
  return withFileLock(
    join(folder, ".lock"),
    () => {
      for (const name of readdirSync(folder)) {
        if (name.startsWith(stagingPrefix)) rmSync(join(folder, name), { recursive: true, force: true });
      }
      return work();
    },
    { wait: 30 * 60 * 1000, what: `the feeds in ${folder}`, ctx },
  );
}

const stagingPrefix = ".new-";

/** An empty folder beside the feeds; gone after `work`, unless it was moved to a feed by `commitFeed`. */
export async function withStaging<T>(ctx: Context, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(feedsFolder(ctx), stagingPrefix));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Puts a feed in the place of the former one of its name. A reader, or a crash at any moment, has the one or the other whole: `feed.json` names the folder of its data, and is replaced
 * last. The former index stays until the next change, for a scan that has begun.
 */
export function commitFeed(ctx: Context, staged: string, feed: Omit<Feed, "data" | "format">): Feed {
  const folder = join(feedsFolder(ctx), feed.name);
  const path = join(folder, "feed.json");
  const former = existsSync(path) ? readFeed(path, feed.name) : undefined;
  mkdirSync(folder, { recursive: true });
  const data = `${feed.digest.slice(0, 12)}-${ctx.randomBytes(6).toString("hex")}`;
  syncFolder(staged);
  renameSync(staged, join(folder, data));
  syncFolder(folder);
  const committed: Feed = { ...feed, format: indexFormat, data };
  writeFeed(ctx, committed);
  for (const name of readdirSync(folder)) {
    if (name === "feed.json" || name === data) continue;
    const gone = name === former?.data ? join(folder, name, contentFile) : join(folder, name);
    rmSync(gone, { recursive: true, force: true });
  }
  return committed;
}

/** Its source may hold a password. */
export function writeFeed(ctx: Context, feed: Feed): void {
  writeFileAtomic(join(feedsFolder(ctx), feed.name, "feed.json"), `${JSON.stringify(feed, null, 2)}\n`, {
    mode: 0o600,
  });
}

/** Takes a feed out of use and off the disk; one that is not there is none. The caller is in `changeFeeds`. */
export function removeFeed(ctx: Context, name: string): void {
  const folder = join(feedsFolder(ctx), name);
  // First what makes it a feed: a crash in between leaves a folder that the next `add` of the name empties.
  rmSync(join(folder, "feed.json"), { force: true });
  rmSync(folder, { recursive: true, force: true });
}

function readFeed(path: string, name: string): Feed {
  let feed: Feed;
  try {
    feed = JSON.parse(readFileSync(path, "utf8")) as Feed;
  } catch (cause) {
    throw damaged(path, cause);
  }
  if (feed.format !== indexFormat) {
    throw new IngotError("feed-damaged", `the index of the feed ${name} was written by another release of Ingot`, {
      hint: `ingot feeds remove ${name}, and add it again`,
    });
  }
  const texts = [feed.source, feed.date, feed.fetched, feed.digest, feed.data];
  const isWhole =
    feed.name === name && feedKinds.includes(feed.kind) && texts.every((text) => typeof text === "string");
  if (!isWhole || !/^[0-9a-f]{12}-[A-Za-z0-9]+$/.test(feed.data)) throw damaged(path);
  return feed;
}
