import type { Client } from "../../api/client/client.ts";
import type { Explanation } from "../../controller/verbs/explain.ts";
import type { CreatedRelease } from "../../controller/verbs/create-release.ts";
import type { Declare, Outcome } from "../command.ts";
import { IngotError } from "../../ground/error.ts";
import type { ProjectOptions } from "../open-project.ts";
import { describeMissing } from "../policy/describe-missing.ts";
import { addBreakGlass, readBreakGlass, type BreakGlassOptions } from "../release/break-glass-options.ts";
import { addDetach, type RollOutOptions } from "../release/detach-option.ts";
import type { Deployable } from "../release/find-deployable.ts";

type DeployOptions = ProjectOptions &
  BreakGlassOptions &
  RollOutOptions & { readonly to: string; readonly plan?: boolean; readonly image?: string; readonly reason?: string };

/** `ingot deploy SERVICE --to ENVIRONMENT`: makes an image the current release of a service, if the policy permits it. */
export const declare: Declare = (command, handle) => {
  addDetach(addBreakGlass(command))
    .argument("<service>", "a service of ingot.yaml")
    .requiredOption("--to <environment>", "where")
    .option(
      "--image <image>",
      "another image of the controller's registry than the project's own: NAME:TAG or a digest",
    )
    .option("--reason <text>", "why, for the record")
    .option("--plan", "show what would be done, step by step, and whether the policy would permit it; do nothing")
    .option("--file <path>", "the ingot.yaml, where it is not the nearest one upwards")
    .action(
      handle<DeployOptions, [string]>(async ({ ctx, options }, service) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { findDeployable } = await import("../release/find-deployable.ts");
        const { rollOut } = await import("../release/roll-out.ts");
        const { to, image, reason = "" } = options;
        const client = openControllerClient(ctx);
        const wanted = { service, environment: to, controller: client.url, ...(image === undefined ? {} : { image }) };
        const { local, ...deployable } = await findDeployable(ctx, wanted, options);
        const order = { service, to, local, body: { ...deployable, reason, ...readBreakGlass(options) } };
        if (options.plan === true) return showPlan(client, order);
        return rollOut(ctx, client, { made: await send(client, order), options });
      }),
    );
};

type Order = {
  readonly service: string;
  readonly to: string;
  readonly local: string | undefined;
  readonly body: Deployable;
};

/** What the fleet would do, if all went well, and whether the policy would permit it; nothing is decided, recorded or started. Exit 3 where it would not. */
async function showPlan(client: Client, { service, to, body }: Order): Promise<Outcome> {
  const { image, configuration } = body;
  const asked = { image, ...(configuration === undefined ? {} : { configuration }) };
  const path = `/api/v1/services/${encodeURIComponent(to)}/${encodeURIComponent(service)}/plan`;
  const plan = await client.post<{ readonly steps: readonly string[] }>(path, asked);
  const { decision } = await client.get<Explanation>(`/api/v1/images/${encodeURIComponent(image)}/explanation`, {
    environment: to,
    action: "deploy",
  });
  const lines = plan.steps.length === 0 ? ["nothing: it runs already"] : plan.steps;
  const steps = lines.map((line, index) => `${String(index + 1).padStart(3)}. ${line}`);
  const denial = decision.permit ? [] : ["the policy would not permit it:", ...describeMissing(decision.missing)];
  return {
    json: { ...plan, permitted: decision.permit, missing: decision.missing },
    text: [...steps, ...denial].join("\n"),
    exitCode: decision.permit ? 0 : 3,
  };
}

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
