import type { Context } from "../../ground/context.ts";
import type { Advisories, ScanSource } from "../scan/finding.ts";
import { parseScore } from "./epss.ts";
import { dataFolder, listFeeds } from "./feed-folder.ts";
import type { Feed } from "./feed.ts";
import { openIndex, type FeedIndex } from "./feed-index.ts";
import { osvAdvisories } from "./osv-advisories.ts";
import { trackerAdvisories } from "./tracker-advisories.ts";

/** All that the feeds of this installation know. */
export type Feeds = {
  readonly advisories: readonly Advisories[];
  /** Every feed, also those that have no advisories. */
  readonly sources: readonly ScanSource[];
  /** The day (ISO 8601) on which CISA listed a CVE as exploited. */
  readonly exploited: (id: string) => string | undefined;
  /** Probability of exploitation within 30 days, and its percentile, 0 to 1. */
  readonly epss: (id: string) => { readonly score: number; readonly percentile: number } | undefined;
  /** What a person must know: a feed that is old, ranges that could not be read. */
  readonly notes: readonly string[];
};

/** Opens what `ingot feeds` keeps. Only the lists of names are read here; what is said of a package is read when it is asked for. Throws `feed-damaged`. */
export function openFeeds(ctx: Context): Promise<Feeds> {
  const opened = listFeeds(ctx).map((feed) => ({
    feed,
    source: sourceOf(feed),
    index: openIndex(dataFolder(ctx, feed)),
  }));
  const get = (kind: Feed["kind"], id: string) =>
    opened.flatMap(({ feed, index }) => (feed.kind === kind ? (index.get(id) ?? []) : []))[0];
  return Promise.resolve({
    advisories: opened.flatMap(({ feed, source, index }) => advisoriesOf(feed, source, index) ?? []),
    sources: opened.map(({ source }) => source),
    exploited: (id) => get("kev", id),
    epss: (id) => {
      const value = get("epss", id);
      return value === undefined ? undefined : parseScore(value);
    },
    notes: opened.flatMap(({ feed }) => notesOf(feed, ctx.now())),
  });
}

function sourceOf({ name, kind, date, digest }: Feed): ScanSource {
  return { name, kind, date, digest };
}

function advisoriesOf(feed: Feed, source: ScanSource, index: FeedIndex): Advisories | undefined {
  switch (feed.kind) {
    case "debian-tracker":
      return trackerAdvisories(source, index);
    case "osv":
      return osvAdvisories(source, index);
    case "kev":
    case "epss":
      return undefined;
  }
}

const day = 24 * 3600 * 1000;

/** Days after which a feed lacks what a scan should know. */
const oldAfter = 7;

function notesOf({ name, date, unclear }: Feed, now: Date): readonly string[] {
  const days = Math.floor((now.getTime() - Date.parse(date)) / day);
  return [
    ...(days > oldAfter
      ? [`the feed ${name} is ${days} days old (${date.slice(0, 10)}); next: ingot feeds update`]
      : []),
    ...(unclear > 0
      ? [`the feed ${name} has ${unclear} entries whose versions are missing or have no order; they match nothing`]
      : []),
  ];
}
