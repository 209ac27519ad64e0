import type { Client, Query } from "../../api/client/client.ts";
import type { Context } from "../../ground/context.ts";
import type { NumberedEvent } from "../../ledger/event.ts";
import { parseCount, parseSince } from "./parse-since.ts";

/** As options of `history` and `audit show` have them. */
export type HistoryWish = Readonly<
  Partial<Record<"service" | "environment" | "image" | "by" | "since" | "type" | "at" | "before", string>>
> & { readonly limit: string; readonly detail?: "all" | "brief" };

export type ToldEvent = NumberedEvent & { readonly sentence: string };
export type History = { readonly events: readonly ToldEvent[]; readonly before?: number };

/** Pages until there are as many as were asked for: one page of the controller may be short where little fits. */
export async function readHistory(ctx: Context, client: Client, wish: HistoryWish): Promise<History> {
  const { service, environment, image, by, type, at, since, detail } = wish;
  const query: Query = { service, environment, image, by, type, at, detail, since: parseSince(ctx, since) };
  const limit = parseCount(wish.limit, "--limit");
  const events: ToldEvent[] = [];
  let next = wish.before === undefined ? undefined : parseCount(wish.before, "--before");
  do {
    const most = Math.min(limit - events.length, 500);
    const page = await client.get<History>("/api/v1/history", { ...query, limit: most, before: next });
    events.push(...page.events);
    next = page.before;
  } while (next !== undefined && events.length < limit);
  return { events, ...(next === undefined ? {} : { before: next }) };
}
