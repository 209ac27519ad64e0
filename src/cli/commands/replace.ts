import type { Declare } from "../command.ts";

/** `ingot replace SERVICE`: new instances of the same release in place of those that run: a restart without a gap. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<service>", "of which service")
    .requiredOption("--in <environment>", "where")
    .option("--instance <id>", "this one alone")
    .action(
      handle<{ in: string; instance?: string }, [string]>(async ({ ctx, options }, service) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const place = `/api/v1/services/${encodeURIComponent(options.in)}/${encodeURIComponent(service)}`;
        const body = options.instance === undefined ? {} : { instance: options.instance };
        const answer = await openControllerClient(ctx).post<{ instances: readonly string[] }>(
          `${place}/replacement`,
          body,
        );
        return { json: answer, text: answer.instances.map((id) => `${id} is being replaced`).join("\n") };
      }),
    );
};
