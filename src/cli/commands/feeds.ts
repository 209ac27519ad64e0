import { resolve } from "node:path";
import type { FeedChange } from "../../evidence/feeds/add-feed.ts";
import { feedKinds, shownSource, type Feed, type FeedKind } from "../../evidence/feeds/feed.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Declare, Outcome } from "../command.ts";
import { formatBytes, formatTable } from "../format.ts";

type AddOptions = { readonly kind?: string; readonly name?: string; readonly allowOlder?: boolean };
type UpdateOptions = { readonly allowOlder?: boolean };

const allowOlder = ["--allow-older", "take one that is older, or far smaller, than the one in use"] as const;

/** `ingot feeds`: what scans know about vulnerabilities beside the archive's own security suite. */
export const declare: Declare = (command, handle) => {
  command
    .command("add")
    .summary("add a feed from an address, a file, or a folder of OSV records")
    .argument("<source>", "an https address, a file or a folder")
    .option("--kind <kind>", `one of ${feedKinds.join(", ")} (default: found out from the content)`)
    .option("--name <name>", "its name in results (default: after its kind)")
    .option(...allowOlder)
    .action(handle<AddOptions, [string]>(({ ctx, options }, source) => add(ctx, source, options)));
  command
    .command("update")
    .summary("bring feeds again from where they came")
    .argument("[names...]", "which (default: all that were not imported)")
    .option(...allowOlder)
    .action(handle<UpdateOptions, [string[]]>(({ ctx, options }, names) => update(ctx, names, options)));
  command
    .command("list")
    .summary("list the feeds, and of when their data is")
    .action(handle(({ ctx }) => list(ctx)));
  command
    .command("remove")
    .summary("remove a feed")
    .argument("<name>", "which")
    .action(handle<object, [string]>(({ ctx }, name) => remove(ctx, name)));
  command
    .command("export")
    .summary("write feeds into one file, for a network that is closed")
    .argument("<file>", "the file to write")
    .argument("[names...]", "which (default: all)")
    .action(handle<object, [string, string[]]>(({ ctx }, file, names) => exportTo(ctx, file, names)));
  command
    .command("import")
    .summary("take in feeds that were exported elsewhere")
    .argument("<file>", "a file that `ingot feeds export` wrote")
    .option(...allowOlder)
    .action(handle<UpdateOptions, [string]>(({ ctx, options }, file) => importFrom(ctx, file, options)));
};

async function add(ctx: Context, source: string, { kind, ...options }: AddOptions): Promise<Outcome> {
  const { addFeed } = await import("../../evidence/feeds/add-feed.ts");
  const known = kind === undefined ? {} : { kind: parseKind(kind) };
  return changed([await addFeed(ctx, source, { ...options, ...known })]);
}

function parseKind(text: string): FeedKind {
  const kind = feedKinds.find((one) => one === text);
  if (kind !== undefined) return kind;
  throw new IngotError("usage", `expected --kind to be one of ${feedKinds.join(", ")}, got ${JSON.stringify(text)}`);
}

/** One that fails keeps no other from being updated; the failures are told together. */
async function update(ctx: Context, names: readonly string[], options: UpdateOptions): Promise<Outcome> {
  const { updateFeed } = await import("../../evidence/feeds/add-feed.ts");
  const { listFeeds, requireFeeds } = await import("../../evidence/feeds/feed-folder.ts");
  const feeds = names.length > 0 ? requireFeeds(ctx, names) : listFeeds(ctx).filter(({ isImported }) => !isImported);
  if (feeds.length === 0)
    throw new IngotError("feed-unknown", "there is no feed to update", { hint: "ingot feeds add URL" });
  const changes: FeedChange[] = [];
  const failures: { name: string; error: IngotError }[] = [];
  for (const feed of feeds) {
    try {
      changes.push(await updateFeed(ctx, feed, options));
    } catch (error) {
      if (!(error instanceof IngotError) || error.code === "cancelled") throw error;
      failures.push({ name: feed.name, error });
    }
  }
  const [first] = failures;
  if (first === undefined) return changed(changes);
  const others = changes.map(({ feed, change }) => `${feed.name}: ${change}`);
  throw new IngotError(
    first.error.code,
    `${failures.map(({ name }) => name).join(", ")} stayed as before: ${first.error.message}`,
    {
      ...(first.error.hint === undefined ? {} : { hint: first.error.hint }),
      details: [...failures.slice(1).map(({ name, error }) => `${name}: ${error.message}`), ...others],
      cause: first.error,
    },
  );
}

async function list(ctx: Context): Promise<Outcome> {
  const { listFeeds } = await import("../../evidence/feeds/feed-folder.ts");
  const feeds = listFeeds(ctx);
  const rows = feeds.map((feed) => [
    feed.name,
    feed.kind,
    feed.date.slice(0, 10),
    ageOf(feed, ctx),
    String(feed.entries),
    formatBytes(feed.size),
    shownSource(feed.source),
  ]);
  return {
    json: { feeds: feeds.map(shown) },
    text:
      feeds.length === 0
        ? "there are no feeds; next: ingot feeds add URL"
        : formatTable(["name", "kind", "data of", "age", "entries", "size", "source"], rows),
  };
}

function ageOf({ date }: Feed, ctx: Context): string {
  const days = Math.max(0, Math.floor((ctx.now().getTime() - Date.parse(date)) / (24 * 3600 * 1000)));
  return days === 1 ? "1 day" : `${days} days`;
}

async function remove(ctx: Context, name: string): Promise<Outcome> {
  const { changeFeeds, hasFeedFolder, removeFeed, requireFeeds } = await import("../../evidence/feeds/feed-folder.ts");
  await changeFeeds(ctx, () => {
    // One whose feed.json is damaged must be removable too.
    if (!hasFeedFolder(ctx, name)) requireFeeds(ctx, [name]);
    removeFeed(ctx, name);
    return Promise.resolve();
  });
  return { json: { removed: name }, text: `removed ${name}` };
}

async function exportTo(ctx: Context, file: string, names: readonly string[]): Promise<Outcome> {
  const { listFeeds, requireFeeds } = await import("../../evidence/feeds/feed-folder.ts");
  const { exportFeeds } = await import("../../evidence/feeds/export-feeds.ts");
  const feeds = names.length > 0 ? requireFeeds(ctx, names) : listFeeds(ctx);
  if (feeds.length === 0)
    throw new IngotError("feed-unknown", "there is no feed to export", { hint: "ingot feeds add URL" });
  const { digest, size } = await exportFeeds(ctx, resolve(ctx.cwd, file), feeds);
  const text = `wrote ${file}: ${feeds.map(({ name }) => name).join(", ")}, ${formatBytes(size)}, SHA-256 ${digest}`;
  return { json: { file, size, digest, feeds: feeds.map(shown) }, text };
}

async function importFrom(ctx: Context, file: string, options: UpdateOptions): Promise<Outcome> {
  const { importFeeds } = await import("../../evidence/feeds/import-feeds.ts");
  return changed(await importFeeds(ctx, resolve(ctx.cwd, file), options));
}

function changed(changes: readonly FeedChange[]): Outcome {
  const lines = changes.map(
    ({ feed, change }) =>
      `${feed.name}: ${change}, ${feed.kind} of ${feed.date.slice(0, 10)}, ${feed.entries} ${feed.entries === 1 ? "entry" : "entries"}`,
  );
  return { json: { feeds: changes.map(({ feed, change }) => ({ ...shown(feed), change })) }, text: lines.join("\n") };
}

/** Without credentials, and without what is an affair of the disk. */
function shown({ name, kind, source, date, fetched, digest, size, entries, isImported }: Feed): object {
  return {
    name,
    kind,
    source: shownSource(source),
    date,
    fetched,
    digest,
    size,
    entries,
    imported: isImported === true,
  };
}
