import { createReadStream, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isCode } from "../../debian/archive/retry.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { readTarStream, type StreamedTarEntry } from "../../oci/tar/read-stream.ts";
import { bundleDamaged, bundleList, longestList, parseBundleList, type BundledFeed } from "./bundle.ts";
import type { FeedChange } from "./add-feed.ts";
import { changeFeeds, commitFeed, listFeeds, withStaging } from "./feed-folder.ts";
import { contentFile, usualLimits, type FeedLimits } from "./feed.ts";
import { indexContent, type Indexed } from "./index-content.ts";
import { Receiver } from "./receiver.ts";
import { assertNotRolledBack } from "./roll-back.ts";

export type ImportOptions = { readonly allowOlder?: boolean; readonly limits?: FeedLimits };

/**
 * Takes in feeds that `exportFeeds` wrote. Every one is held to its checksum, read whole and indexed anew before the first takes its place. Throws `feed-damaged` where the file was altered or cut
 * off, and what `addFeed` throws; nothing is imported then.
 */
export async function importFeeds(
  ctx: Context,
  path: string,
  options: ImportOptions = {},
): Promise<readonly FeedChange[]> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new IngotError("feed-missing", `there is no file ${path}`, { hint: "check the path" });
  }
  return changeFeeds(ctx, () => withStaging(ctx, (staged) => importStaged(ctx, path, { ...options, staged })));
}

type Import = ImportOptions & { readonly staged: string };

async function importStaged(ctx: Context, path: string, given: Import): Promise<readonly FeedChange[]> {
  const limits = given.limits ?? usualLimits;
  const feeds = await unpack(path, given.staged, limits);
  const ready: { feed: BundledFeed; indexed: Indexed; folder: string }[] = [];
  const before = new Map(listFeeds(ctx).map((feed) => [feed.name, feed]));
  for (const feed of feeds) {
    const folder = join(given.staged, feed.name);
    const indexed = await indexContent(folder, { limits, now: ctx.now(), kind: feed.kind });
    if (indexed.date !== undefined && indexed.date !== feed.date)
      throw bundleDamaged(`the date of ${feed.name} is not its own`);
    if (Date.parse(feed.date) > ctx.now().getTime() + day)
      throw bundleDamaged(`the date of ${feed.name} is in the future`);
    if (!given.allowOlder) assertNotRolledBack({ ...feed, entries: indexed.entries }, before.get(feed.name));
    ready.push({ feed, indexed, folder });
  }
  return ready.map(({ feed, indexed, folder }) => {
    const former = before.get(feed.name);
    if (former?.digest === feed.digest) return { feed: former, change: "unchanged" };
    const { entries, unclear } = indexed;
    const added = { ...feed, fetched: ctx.now().toISOString(), entries, unclear, isImported: true };
    return { feed: commitFeed(ctx, folder, added), change: former === undefined ? "added" : "updated" };
  });
}

const day = 24 * 3600 * 1000;

/** Writes each content beside the feeds in use and checks it. */
async function unpack(path: string, staged: string, limits: FeedLimits): Promise<readonly BundledFeed[]> {
  try {
    const entries = readTarStream(createReadStream(path, { highWaterMark: 1 << 20 }));
    const list = await entries.next();
    if (list.done || list.value.header.path !== bundleList)
      throw bundleDamaged("it does not begin with a list of feeds");
    const feeds = parseBundleList(await readList(list.value));
    const waiting = [...feeds];
    for await (const entry of entries) {
      const feed = waiting.shift();
      if (feed === undefined || entry.header.path !== `feeds/${feed.name}` || entry.header.type !== "file") {
        throw bundleDamaged("it does not hold what its list says");
      }
      await receive(entry, feed, { staged, limits });
    }
    if (waiting.length > 0) throw bundleDamaged(`${waiting.map(({ name }) => name).join(", ")} is missing`);
    return feeds;
  } catch (error) {
    if (!isCode(error, ["tar-malformed", "archive-escapes-root"])) throw error;
    throw bundleDamaged("it is cut off or altered", error);
  }
}

async function readList({ header, content }: StreamedTarEntry): Promise<string> {
  if (header.type !== "file" || header.size > longestList) throw bundleDamaged("its list of feeds is too long");
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

type Place = { readonly staged: string; readonly limits: FeedLimits };

async function receive({ content }: StreamedTarEntry, feed: BundledFeed, { staged, limits }: Place): Promise<void> {
  const folder = join(staged, feed.name);
  mkdirSync(folder);
  const receiver = new Receiver(join(folder, contentFile), `the feed ${feed.name}`, limits.received);
  try {
    for await (const chunk of content) receiver.write(chunk);
    if (receiver.size === feed.size && receiver.digest() === feed.digest) return;
  } finally {
    receiver.close();
  }
  throw bundleDamaged(`the checksum of ${feed.name} does not fit`);
}
