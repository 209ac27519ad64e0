import { listFeeds } from "../../evidence/feeds/feed-folder.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";

/** A text that differs when the feeds say something else; when they were last asked for makes no difference. */
export function fingerprintFeeds(ctx: Pick<Context, "home">): string {
  try {
    return JSON.stringify(listFeeds(ctx).map(({ name, kind, digest, date }) => [name, kind, digest, date]));
  } catch (error) {
    // The scan that reads them fails with the same, which is told then.
    if (error instanceof IngotError && error.code === "feed-damaged") return `damaged: ${error.message}`;
    throw error;
  }
}
