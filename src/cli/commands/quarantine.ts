import type { ShownService } from "../../controller/verbs/show-services.ts";
import type { Declare } from "../command.ts";
import { formatTable, formatTime } from "../format.ts";
import { oneLine } from "../release/one-line.ts";

/** `ingot quarantine list|lift`: images that failed in a service and are not started there again until a person says so. */
export const declare: Declare = (command, handle) => {
  command
    .command("list")
    .description("which images are in quarantine, where, and why")
    .option("--in <environment>", "of this one alone")
    .action(
      handle<{ in?: string }>(async ({ ctx, options }) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const query = { environment: options.in };
        const { services } = await openControllerClient(ctx).get<{ services: readonly ShownService[] }>(
          "/api/v1/services",
          query,
        );
        const quarantine = services.flatMap((one) => one.quarantine);
        const rows = quarantine.map((one) => [
          one.environment,
          one.service,
          one.image,
          formatTime(one.since),
          oneLine(one.why),
        ]);
        const text =
          rows.length === 0
            ? "nothing is in quarantine"
            : formatTable(["environment", "service", "image", "since", "why"], rows);
        return { json: { quarantine }, text };
      }),
    );
  command
    .command("lift")
    .description("say that an image may be started there again")
    .argument("<service>", "in which service")
    .argument("<image>", "the image's digest")
    .requiredOption("--in <environment>", "where")
    .requiredOption("--reason <text>", "what is different now, for the record")
    .action(
      handle<{ in: string; reason: string }, [string, string]>(async ({ ctx, options }, service, image) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const place = `/api/v1/services/${encodeURIComponent(options.in)}/${encodeURIComponent(service)}`;
        const answer = await openControllerClient(ctx).post<{ lifted: string }>(`${place}/quarantine/lifting`, {
          image,
          reason: options.reason,
        });
        return { json: answer, text: `${image} may be started again as ${service} in ${options.in}` };
      }),
    );
};
