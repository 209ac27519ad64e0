import type { ServiceStatus } from "../../controller/verbs/status.ts";
import type { ShownService } from "../../controller/verbs/show-services.ts";
import type { Client } from "../../api/client/client.ts";
import { IngotError } from "../../ground/error.ts";
import type { Declare } from "../command.ts";

type StatusOptions = { readonly environment?: string; readonly at?: string; readonly watch?: boolean };
type StatusAnswer = { readonly time: string; readonly services: readonly ServiceStatus[] };

/** `ingot status`: what is released where and whether it would be permitted now, and what runs of it. */
export const declare: Declare = (command, handle) => {
  command
    .option("--environment <name>", "of this one alone")
    .option("--at <time>", "as it was then, by the record: 2026-11-21 or 2026-11-21T10:00:00Z")
    .option("--watch", "show it again whenever it changes, until a signal ends it")
    .action(
      handle<StatusOptions>(async ({ ctx, options, write }) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const client = openControllerClient(ctx);
        if (options.watch === true) {
          assertWatchable(options);
          const { watchStatus } = await import("../release/watch-status.ts");
          return watchStatus(ctx, { read: () => readStatus(client, options), write });
        }
        const { json, text } = await readStatus(client, options);
        return { json, text };
      }),
    );
};

async function readStatus(client: Client, { environment, at }: StatusOptions): Promise<{ json: object; text: string }> {
  const { describeStatus } = await import("../release/describe-status.ts");
  const { describeService } = await import("../release/describe-service.ts");
  const answer = await client.get<StatusAnswer>("/api/v1/status", { environment, at });
  const now = Date.parse(answer.time) / 1000;
  if (at !== undefined) {
    return { json: answer, text: `as it was at ${answer.time}:\n${describeStatus(answer.services, now)}` };
  }
  const { services } = await client.get<{ services: readonly ShownService[] }>("/api/v1/services", { environment });
  const running = services.filter((one) => one.running !== undefined);
  const text = [describeStatus(answer.services, now), ...running.map((one) => describeService(one))].join("\n\n");
  return { json: { ...answer, running: services }, text };
}

/** A past does not change, and what changes is no single JSON object. */
function assertWatchable({ at, json }: StatusOptions & { readonly json?: boolean }): void {
  if (at === undefined && json !== true) return;
  throw new IngotError(
    "usage",
    `--watch shows what is now, to a person: it does not take ${at === undefined ? "--json" : "--at"}`,
    {
      hint: "for a program: GET /api/v1/events tells what changes, docs/api.md",
    },
  );
}
