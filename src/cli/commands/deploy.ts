import type { Client } from "../../api/client/client.ts";
import type { CreatedRelease } from "../../controller/verbs/create-release.ts";
import type { Declare } from "../command.ts";
import { IngotError } from "../../ground/error.ts";
import type { ProjectOptions } from "../open-project.ts";
import { addBreakGlass, readBreakGlass, type BreakGlassOptions } from "../release/break-glass-options.ts";
import type { Deployable } from "../release/find-deployable.ts";

type DeployOptions = ProjectOptions &
  BreakGlassOptions & { readonly to: string; readonly image?: string; readonly reason?: string };

/** `ingot deploy SERVICE --to ENVIRONMENT`: makes an image the current release of a service, if the policy permits it. */
export const declare: Declare = (command, handle) => {
  addBreakGlass(command)
    .argument("<service>", "a service of ingot.yaml")
    .requiredOption("--to <environment>", "where")
    .option(
      "--image <image>",
      "another image of the controller's registry than the project's own: NAME:TAG or a digest",
    )
    .option("--reason <text>", "why, for the record")
    .option("--file <path>", "the ingot.yaml, where it is not the nearest one upwards")
    .action(
      handle<DeployOptions, [string]>(async ({ ctx, options }, service) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { findDeployable } = await import("../release/find-deployable.ts");
        const { describeRelease, warnOfBrokenGlass } = await import("../release/describe-release.ts");
        const { to, image, reason = "" } = options;
        const client = openControllerClient(ctx);
        const wanted = { service, environment: to, controller: client.url, ...(image === undefined ? {} : { image }) };
        const { local, ...deployable } = await findDeployable(ctx, wanted, options);
        const order = { service, to, local, body: { ...deployable, reason, ...readBreakGlass(options) } };
        const made = await send(client, order);
        warnOfBrokenGlass(ctx, made);
        return { json: made, text: describeRelease(made) };
      }),
    );
};

type Order = {
  readonly service: string;
  readonly to: string;
  readonly local: string | undefined;
  readonly body: Deployable;
};

async function send(client: Client, { service, to, local, body }: Order): Promise<CreatedRelease> {
  try {
    return await client.post(`/api/v1/releases/${encodeURIComponent(to)}/${encodeURIComponent(service)}`, body);
  } catch (error) {
    if (!(error instanceof IngotError) || error.code !== "image-not-pushed" || local === undefined) throw error;
    throw new IngotError(
      error.code,
      `${local} (${body.image}) is in the store here, and not in the controller's registry`,
      {
        hint: `ingot push ${local} ${new URL(client.url).host}/${local.replace(/:[^/]*$/, "")}:TAG`,
        cause: error,
      },
    );
  }
}
