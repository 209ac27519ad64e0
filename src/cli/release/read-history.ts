import type { Client, Query } from "../../api/client/client.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
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
  await assertType(type);
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

/** A type that there is not would be answered as one that has not happened. Throws `usage`. */
async function assertType(type: string | undefined): Promise<void> {
  if (type === undefined) return;
  const { eventTypes } = await import("../../controller/events/tell-event.ts");
  if (eventTypes.some((one) => one === type || one.startsWith(`${type}.`))) return;
  const { nearestWord } = await import("../../ground/nearest-word.ts");
  const nouns = new Set(eventTypes.map((one) => one.slice(0, one.indexOf("."))));
  const near = nearestWord(type, [...nouns, ...eventTypes]);
  throw new IngotError(
    "usage",
    `there is no type of event ${JSON.stringify(type)}${near === undefined ? "" : `; did you mean ${near}?`}`,
    { details: eventTypes, hint: "one of these, or what stands before its dot" },
  );
}
