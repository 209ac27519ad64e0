import { join, resolve } from "node:path";
import type { Patience } from "../../debian/archive/transfer.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { changeFeeds, commitFeed, isFeedName, listFeeds, withStaging, writeFeed } from "./feed-folder.ts";
import { contentFile, isUrl, shownSource, usualLimits, type Feed, type FeedKind, type FeedLimits } from "./feed.ts";
import { fetchFeed, usualFeedPatience } from "./fetch-feed.ts";
import { indexContent } from "./index-content.ts";
import { readLocal } from "./read-local.ts";
import { Receiver } from "./receiver.ts";
import { assertNotRolledBack } from "./roll-back.ts";

export type AddOptions = {
  /** Found out from the content where it is not given. */
  readonly kind?: FeedKind;
  /** After the kind, or `osv-npm` and so on, where it is not given. */
  readonly name?: string;
  readonly allowOlder?: boolean;
  readonly limits?: FeedLimits;
  readonly patience?: Patience;
};

/** `unchanged`: what is there is what would come. */
export type FeedChange = { readonly feed: Feed; readonly change: "added" | "updated" | "unchanged" };

/**
 * Adds a feed from a URL, a file, or a folder of OSV records. It is fetched, read whole and indexed beside the feeds in use, and takes its place only then: whatever goes wrong, a former one
 * of the name stays. Throws `feed-…` codes.
 */
export async function addFeed(ctx: Context, source: string, options: AddOptions = {}): Promise<FeedChange> {
  const { name } = options;
  if (name !== undefined && !isFeedName(name)) {
    throw new IngotError(
      "usage",
      `expected a feed's name of small letters, digits, - and ., got ${JSON.stringify(name)}`,
    );
  }
  const place = isUrl(source) ? source : resolve(ctx.cwd, source);
  if (!isUrl(source) && /^[a-z][a-z0-9+.-]*:\/\//i.test(source)) {
    throw new IngotError("usage", "expected an http or https address, a file or a folder");
  }
  warnOfPlainHttp(ctx, place);
  return changeFeeds(ctx, () => {
    const isSame = (one: Feed) =>
      one.source === place && one.name === (name ?? one.name) && one.kind === (options.kind ?? one.kind);
    return bring(ctx, place, options, listFeeds(ctx).find(isSame));
  });
}

/** Brings one feed again from where it came. What the server says is unchanged is not read again. */
export function updateFeed(
  ctx: Context,
  feed: Feed,
  options: Pick<AddOptions, "allowOlder" | "limits" | "patience"> = {},
): Promise<FeedChange> {
  return changeFeeds(ctx, () => bring(ctx, feed.source, { ...options, kind: feed.kind, name: feed.name }, feed));
}

function bring(ctx: Context, source: string, options: AddOptions, former?: Feed): Promise<FeedChange> {
  const limits = options.limits ?? usualLimits;
  return withStaging(ctx, async (staged) => {
    const came = await receive(ctx, source, { staged, limits, options, ...(former === undefined ? {} : { former }) });
    if (came === undefined || came.digest === former?.digest) {
      if (former === undefined)
        throw new IngotError("internal-error", "a feed that was never fetched cannot be unchanged");
      return keep(ctx, former);
    }
    const now = ctx.now();
    const indexed = await indexContent(staged, {
      limits,
      now,
      ...(options.kind === undefined ? {} : { kind: options.kind }),
    });
    const name = options.name ?? indexed.name;
    const before = listFeeds(ctx).find((one) => one.name === name);
    assertSamePlace(before, source, former);
    const { kind, entries, unclear } = indexed;
    const feed = {
      name,
      kind,
      source,
      date: indexed.date ?? came.date,
      fetched: now.toISOString(),
      digest: came.digest,
      size: came.size,
      entries,
      unclear,
      ...came.marks,
    };
    if (!options.allowOlder) assertNotRolledBack(feed, before);
    return { feed: commitFeed(ctx, staged, feed), change: before === undefined ? "added" : "updated" };
  });
}

type Receiving = {
  readonly staged: string;
  readonly limits: FeedLimits;
  readonly options: AddOptions;
  readonly former?: Feed;
};

type Came = {
  readonly digest: string;
  readonly size: number;
  /** ISO 8601, by the server or the file system. */
  readonly date: string;
  readonly marks: Pick<Feed, "etag" | "lastModified">;
};

/** Undefined where the server says that nothing changed. */
async function receive(ctx: Context, source: string, receiving: Receiving): Promise<Came | undefined> {
  const { staged, limits, options, former } = receiving;
  const receiver = new Receiver(join(staged, contentFile), shownSource(source), limits.received);
  try {
    if (!isUrl(source)) {
      const date = await readLocal(ctx, source, receiver, limits);
      return { digest: receiver.digest(), size: receiver.size, date: notAfter(ctx, date), marks: {} };
    }
    const patience = options.patience ?? usualFeedPatience;
    const fetched = await fetchFeed(ctx, source, receiver, {
      limits,
      patience,
      ...(former === undefined || options.allowOlder ? {} : { former }),
    });
    if (fetched.kind === "unchanged") return undefined;
    const { marks } = fetched;
    return { digest: receiver.digest(), size: receiver.size, date: notAfter(ctx, marks.lastModified), marks };
  } finally {
    receiver.close();
  }
}

/** A date that is missing, unreadable or of the future is now. */
function notAfter(ctx: Context, text: string | undefined): string {
  const time = Date.parse(text ?? "");
  const now = ctx.now();
  return (time <= now.getTime() ? new Date(time) : now).toISOString();
}

function keep(ctx: Context, feed: Feed): FeedChange {
  const seen = { ...feed, fetched: ctx.now().toISOString() };
  writeFeed(ctx, seen);
  return { feed: seen, change: "unchanged" };
}

/** A second feed of a kind must not take the place of the first unasked. */
function assertSamePlace(before: Feed | undefined, source: string, former: Feed | undefined): void {
  if (before === undefined || before.source === source || before.name === former?.name) return;
  throw new IngotError("feed-exists", `the feed ${before.name} comes from ${shownSource(before.source)}`, {
    hint: `add it under another name with --name, or first: ingot feeds remove ${before.name}`,
  });
}

function warnOfPlainHttp(ctx: Context, source: string): void {
  if (!isUrl(source)) return;
  const { protocol, hostname } = new URL(source);
  if (protocol === "https:" || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) return;
  ctx.report.warn(`${shownSource(source)} is fetched without TLS: whoever is in between can change what it says`);
}
