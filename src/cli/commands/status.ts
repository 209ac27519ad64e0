import type { ServiceStatus } from "../../controller/verbs/status.ts";
import type { Declare } from "../command.ts";

type StatusOptions = { readonly environment?: string; readonly at?: string };
type StatusAnswer = { readonly time: string; readonly services: readonly ServiceStatus[] };

/** `ingot status`: what runs where by the record, and whether it would be permitted now. */
export const declare: Declare = (command, handle) => {
  command
    .option("--environment <name>", "of this one alone")
    .option("--at <time>", "as it was then: 2026-11-21 or 2026-11-21T10:00:00Z")
    .action(
      handle<StatusOptions>(async ({ ctx, options }) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { describeStatus } = await import("../release/describe-status.ts");
        const { environment, at } = options;
        const answer = await openControllerClient(ctx).get<StatusAnswer>("/api/v1/status", { environment, at });
        const now = Date.parse(answer.time) / 1000;
        const when = at === undefined ? "" : `as it was at ${answer.time}:\n`;
        return { json: answer, text: when + describeStatus(answer.services, now) };
      }),
    );
};
