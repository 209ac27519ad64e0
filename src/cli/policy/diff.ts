import type { Command } from "commander";
import type { DecisionChange, PolicyDiff } from "../../controller/verbs/diff-policy.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { Handle } from "../command.ts";
import type { ProjectOptions } from "../open-project.ts";
import { declareEnvironments } from "./declare-environments.ts";
import { describeMissing } from "./describe-missing.ts";

/** `ingot policy diff [ENVIRONMENT…]`: whose decision would change if the policies of ingot.yaml were put in force. Exit 4 where one would. */
export function declareDiff(parent: Command, handle: Handle): void {
  const command = parent
    .command("diff")
    .description("say whose decision would change, over all images, if the policies of ingot.yaml were put in force");
  declareEnvironments(command).action(
    handle<ProjectOptions, [string[]]>(async ({ ctx, options }, names) => {
      const { readProposed } = await import("./read-proposed.ts");
      const { openControllerClient } = await import("../controller-client.ts");
      const policies = await readProposed(ctx, names, options);
      const diff = await openControllerClient(ctx).post<PolicyDiff>("/api/v1/policies/diff", { policies });
      return { json: diff, text: describe(diff), exitCode: diff.changed === 0 ? 0 : 4 };
    }),
  );
}

function describe({ images, changed, changes }: PolicyDiff): string {
  const over = images === 1 ? "1 image" : `${images} images`;
  if (changed === 0) return `no decision would change, over ${over}`;
  const left = changed - changes.length;
  return [
    ...changes.flatMap(describeChange),
    ...(left > 0 ? [`and ${left} more`] : []),
    `${changed} ${changed === 1 ? "decision" : "decisions"} would change, over ${over}; next: ingot policy apply`,
  ].join("\n");
}

function describeChange({
  environment,
  action,
  repository,
  image,
  tags,
  before,
  after,
}: DecisionChange): readonly string[] {
  const name = tags.length === 0 ? `${repository}@${shortDigest(image)}` : `${repository}:${tags.join(",")}`;
  const was = before === undefined ? "there is no such environment yet" : word(before.permit);
  return [
    `${environment}: ${action} ${name}: ${was} → ${word(after.permit)}`,
    // Of a permit it is told what stood against it before.
    ...describeMissing(after.permit ? (before?.missing ?? []) : after.missing),
  ];
}

function word(permit: boolean): string {
  return permit ? "permitted" : "denied";
}
