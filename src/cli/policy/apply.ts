import type { Command } from "commander";
import type { PolicyChange, ProposedPolicy } from "../../controller/verbs/apply-policy.ts";
import type { Context } from "../../ground/context.ts";
import { shortDigest } from "../../oci/digest.ts";
import { formatFinding } from "../../policy/finding.ts";
import type { Handle } from "../command.ts";
import { formatColumns } from "../format.ts";
import type { ProjectOptions } from "../open-project.ts";
import { declareEnvironments } from "./declare-environments.ts";

/** `ingot policy apply [ENVIRONMENT…]`: puts what ingot.yaml says of environments in force at the controller. */
export function declareApply(parent: Command, handle: Handle): void {
  const command = parent
    .command("apply")
    .description("put the policies of ingot.yaml in force, all or none; the first one makes its environment");
  declareEnvironments(command).action(
    handle<ProjectOptions, [string[]]>(async ({ ctx, options }, names) => {
      const { readProposed } = await import("./read-proposed.ts");
      const { openControllerClient } = await import("../controller-client.ts");
      const policies = await readProposed(ctx, names, options);
      await warnOfDoubts(ctx, policies);
      const answer = await openControllerClient(ctx).post<{ policies: readonly PolicyChange[] }>("/api/v1/policies", {
        policies,
      });
      return { json: answer, text: formatColumns(answer.policies.map(describe)).join("\n") };
    }),
  );
}

/** What `policy check` holds for a mistake most likely: whoever puts it in force shall have read it. Mistakes of syntax and types are the controller's to refuse. */
async function warnOfDoubts(ctx: Context, policies: readonly ProposedPolicy[]): Promise<void> {
  const { openPolicyEngine } = await import("../../policy/engine/policy-engine.ts");
  const { checkPolicies } = await import("../../policy/check/check-policies.ts");
  const engine = await openPolicyEngine();
  for (const { files, approvals } of policies) {
    for (const finding of checkPolicies(engine, files, { approvals }))
      if (finding.severity === "warning") ctx.report.warn(formatFinding(finding));
  }
}

function describe({ changed, policy }: PolicyChange): readonly string[] {
  const { environment, version, approvals, files, event, digest } = policy;
  const state = changed ? `version ${version} is in force (#${event})` : `version ${version} was in force already`;
  const rules = files.length === 0 ? "the shipped policy" : files.map(({ name }) => name).join(", ");
  return [environment, state, rules, `${approvals} approvals`, shortDigest(digest)];
}
