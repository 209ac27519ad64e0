import type { Feed } from "./feed.ts";
import { feedKinds } from "./feed.ts";
import { IngotError } from "../../ground/error.ts";
import { isFeedName } from "./feed-folder.ts";

/** What is said of a feed in a file of exported feeds; its content follows in the order of the list. */
export type BundledFeed = Pick<Feed, "name" | "kind" | "source" | "date" | "digest" | "size">;

/** The first entry of the tar file. The others are `feeds/NAME`, each with the very bytes that once came. */
export const bundleList = "ingot-feeds.json";

export const longestList = 1 << 20;

/** The list as JSON, which is the first file of the tar. */
export function formatBundleList(feeds: readonly BundledFeed[]): string {
  return `${JSON.stringify({ format: 1, feeds }, null, 2)}\n`;
}

/** Throws `feed-damaged`. */
export function parseBundleList(text: string): readonly BundledFeed[] {
  let list: { format?: unknown; feeds?: unknown };
  try {
    list = JSON.parse(text) as typeof list;
  } catch (cause) {
    throw bundleDamaged("its list of feeds is not JSON", cause);
  }
  if (list?.format !== 1 || !Array.isArray(list.feeds)) throw bundleDamaged("its list of feeds is of another format");
  const feeds = list.feeds as readonly BundledFeed[];
  if (!feeds.every(isBundledFeed)) throw bundleDamaged("its list of feeds is not whole");
  if (feeds.length === 0 || new Set(feeds.map(({ name }) => name)).size !== feeds.length) {
    throw bundleDamaged("its list names no feed, or one twice");
  }
  return feeds.map(({ name, kind, source, date, digest, size }) => ({ name, kind, source, date, digest, size }));
}

/** `why`: what is wrong with the file, as the end of a sentence. */
export function bundleDamaged(why: string, cause?: unknown): IngotError {
  return new IngotError("feed-damaged", `the file of exported feeds cannot be used: ${why}; nothing was imported`, {
    hint: "carry it over again, or make it again with: ingot feeds export FILE",
    ...(cause === undefined ? {} : { cause }),
  });
}

function isBundledFeed(feed: Partial<BundledFeed> | null): boolean {
  if (typeof feed !== "object" || feed === null) return false;
  const { name, kind, source, date, digest, size } = feed;
  return (
    typeof name === "string" &&
    isFeedName(name) &&
    kind !== undefined &&
    feedKinds.includes(kind) &&
    typeof source === "string" &&
    source.length < 4096 &&
    typeof date === "string" &&
    !Number.isNaN(Date.parse(date)) &&
    typeof digest === "string" &&
    /^[0-9a-f]{64}$/.test(digest) &&
    Number.isSafeInteger(size) &&
    (size ?? -1) >= 0
  );
}
