import { IngotError } from "../../ground/error.ts";
import type { Declare } from "../command.ts";
import { formatColumns, formatTime } from "../format.ts";
import { declareFilters } from "../release/history-filters.ts";
import type { History, HistoryWish } from "../release/read-history.ts";

type Following = { readonly follow?: boolean };

/** `ingot history [SERVICE]`: what happened, in sentences, the newest first. */
export const declare: Declare = (command, handle) => {
  declareFilters(command.argument("[service]", "only what is about this service"))
    .option(
      "--follow",
      "print what happens from now on, until a signal ends it; of the filters it takes --type and --by",
    )
    .action(
      handle<HistoryWish & Following, [string | undefined]>(async ({ ctx, options, write }, service) => {
        if (options.follow === true) {
          assertFollowable(service, options);
          const { followHistory } = await import("../release/follow-history.ts");
          return followHistory(ctx, options, write);
        }
        const { openControllerClient } = await import("../controller-client.ts");
        const { readHistory } = await import("../release/read-history.ts");
        // Who asks for one type wants all of it; `audit show` tells everything.
        const detail = options.type === undefined ? "brief" : "all";
        const wish = { ...options, detail, ...(service === undefined ? {} : { service }) } as const;
        const history = await readHistory(ctx, openControllerClient(ctx), wish);
        return { json: history, text: describeHistory(history) };
      }),
    );
};

/** A filter that is taken and does nothing would hide that it does nothing. */
function assertFollowable(service: string | undefined, { environment, image, since, at, before }: HistoryWish): void {
  const given = Object.entries({
    SERVICE: service,
    "--environment": environment,
    "--image": image,
    "--since": since,
    "--at": at,
    "--before": before,
  });
  const [name] = given.find(([, value]) => value !== undefined) ?? [];
  if (name === undefined) return;
  throw new IngotError("usage", `--follow tells what happens from now on, and does not take ${name}`, {
    hint: "of the filters it takes --type and --by",
  });
}

function describeHistory({ events, before }: History): string {
  if (events.length === 0) return "nothing that fits has happened";
  const lines = formatColumns(events.map(({ index, time, sentence }) => [`#${index}`, formatTime(time), sentence]));
  return [...lines, ...(before === undefined ? [] : [`older: --before ${before}`])].join("\n");
}
