import type { Command } from "commander";
import type { Explanation } from "../../controller/verbs/explain.ts";
import { IngotError } from "../../ground/error.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { Handle } from "../command.ts";
import { oneLine } from "../release/one-line.ts";
import { formatSeconds } from "../../ground/format-timestamp.ts";
import { describeMakers } from "./describe-makers.ts";
import { describeMissing } from "./describe-missing.ts";

type ExplainOptions = { readonly for: string; readonly as?: string; readonly action: string; readonly at?: string };

const actions = ["deploy", "promote", "rollback", "pull", "approve"];

/** `ingot policy explain IMAGE --for ENVIRONMENT`: what would be decided, by what, and what is missing. Exit 3 for a denial. */
export function declareExplain(parent: Command, handle: Handle): void {
  parent
    .command("explain")
    .description("say what would be decided about an image, by which policies, and what is missing")
    .argument("<image>", "an image of the controller's registry: NAME:TAG or a digest")
    .requiredOption("--for <environment>", "where")
    .option("--as <principal>", "who: user:NAME or workload:NAME (default: you)")
    .option("--action <action>", `what: ${actions.join(", ")}`, "deploy")
    .option("--at <time>", "as it was then, such as 2026-11-21 or 2026-11-21T10:00:00Z")
    .action(
      handle<ExplainOptions, [string]>(async ({ ctx, options }, image) => {
        if (!actions.includes(options.action)) {
          throw new IngotError("usage", `expected one of ${actions.join(", ")} after --action, got ${options.action}`, {
            hint: "ingot policy explain --help",
          });
        }
        const { openControllerClient } = await import("../controller-client.ts");
        const { for: environment, as, action, at } = options;
        const found = await openControllerClient(ctx).get<Explanation>(
          `/api/v1/images/${encodeURIComponent(image)}/explanation`,
          { environment, action, as, at },
        );
        return { json: found, text: describe(found), exitCode: found.decision.permit ? 0 : 3 };
      }),
    );
}

function describe(found: Explanation): string {
  const { repository, image, environment, action, principal, policy, decision, facts } = found;
  const { permit, policies, missing, until, policyDigest } = decision;
  const rules = policy.files.length === 0 ? "the shipped policy" : policy.files.join(", ");
  return [
    `${repository}@${image}`,
    `${principal} ${permit ? "may" : "may NOT"} ${action} it ${action === "pull" ? "for" : "to"} ${environment}`.replace(
      "approve it to",
      "approve it for",
    ),
    ...(permit ? [`  by ${policies.join(", ")}`] : []),
    ...(permit || missing.length > 0 ? describeMissing(missing) : ["  no policy permits it"]),
    `policy of ${environment}: version ${policy.version}, ${rules}, ${policy.approvals} approvals (${shortDigest(policyDigest)})`,
    ...(until === undefined ? [] : [`the same may be decided otherwise from ${formatSeconds(until)} on`]),
    ...describeMakers(facts),
    // Two statements may fail for one reason.
    ...new Set(facts.uncounted.map(({ kind, reason }) => `does not count: ${kind}: ${oneLine(reason)}`)),
  ].join("\n");
}
