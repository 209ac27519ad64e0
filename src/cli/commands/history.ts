import type { Client, Query } from "../../api/client/client.ts";
import type { NumberedEvent } from "../../ledger/event.ts";
import type { Declare } from "../command.ts";
import { formatColumns, formatTime } from "../format.ts";

type HistoryOptions = {
  readonly environment?: string;
  readonly image?: string;
  readonly by?: string;
  readonly since?: string;
  readonly type?: string;
  readonly at?: string;
  readonly limit: string;
  readonly before?: string;
};

type ToldEvent = NumberedEvent & { readonly sentence: string };
type HistoryPage = { readonly events: readonly ToldEvent[]; readonly before?: number };

/** `ingot history [SERVICE]`: what happened, in sentences, the newest first. */
export const declare: Declare = (command, handle) => {
  command
    .argument("[service]", "only what is about this service")
    .option("--environment <name>", "only what is about this environment")
    .option("--image <image>", "only what names this image: NAME:TAG of the controller's registry, or a digest")
    .option("--by <principal>", "only what they did: user:alice, or alice")
    .option("--since <time>", "only since then: a time, or how long ago, such as 2h or 7d")
    .option("--type <type>", "only events of this type: release.created, or release for all about releases")
    .option("--at <time>", "as it was to be read then")
    .option("--limit <number>", "how many at most", "50")
    .option("--before <number>", "only events below this number: what the page before ended with")
    .action(
      handle<HistoryOptions, [string | undefined]>(async ({ ctx, options }, service) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { parseCount, parseSince } = await import("../release/parse-since.ts");
        const { limit, since, before, environment, image, by, type, at } = options;
        const query = { service, environment, image, by, type, at, since: parseSince(ctx, since) };
        const end = before === undefined ? {} : { before: parseCount(before, "--before") };
        const page = await readPages(openControllerClient(ctx), query, { limit: parseCount(limit, "--limit"), ...end });
        return { json: page, text: describeHistory(page) };
      }),
    );
};

/** Pages until there are as many as were asked for: one page of the controller may be short where little fits. */
async function readPages(
  client: Client,
  query: Query,
  { limit, before }: { readonly limit: number; readonly before?: number },
): Promise<HistoryPage> {
  const events: ToldEvent[] = [];
  let next = before;
  do {
    const most = Math.min(limit - events.length, 500);
    const page = await client.get<HistoryPage>("/api/v1/history", { ...query, limit: most, before: next });
    events.push(...page.events);
    next = page.before;
  } while (next !== undefined && events.length < limit);
  return { events, ...(next === undefined ? {} : { before: next }) };
}

function describeHistory({ events, before }: HistoryPage): string {
  if (events.length === 0) return "nothing that fits has happened";
  const lines = formatColumns(events.map(({ index, time, sentence }) => [`#${index}`, formatTime(time), sentence]));
  return [...lines, ...(before === undefined ? [] : [`older: --before ${before}`])].join("\n");
}
