import type { CreatedRelease } from "../../controller/verbs/create-release.ts";
import type { Context } from "../../ground/context.ts";
import { formatSeconds } from "../../ground/format-timestamp.ts";
import { oneLine } from "./one-line.ts";

/** What became of a release, for a person. */
export function describeRelease({ created, release, decision }: CreatedRelease): string {
  const { service, environment, number, repository, image, from, breakGlass } = release;
  const name = `release ${number} of ${service} in ${environment}`;
  if (!created) {
    return `${name} is this image with this configuration already: nothing to do\n  ${repository}@${image}, since ${release.created} by ${release.createdBy}`;
  }
  const until =
    decision.until === undefined ? "" : `; the same may be decided otherwise from ${formatSeconds(decision.until)} on`;
  return [
    `${name}  ${repository}@${image}`,
    ...(from === undefined
      ? []
      : [
          `  ${from.kind === "promote" ? `promoted from release ${from.number} of ${from.environment}` : `back to what release ${from.number} was`}`,
        ]),
    `  permitted by ${decision.policies.join(", ")} (#${release.decision})${until}`,
    ...(breakGlass === undefined ? [] : describeGlass(breakGlass, decision)),
    `  recorded as #${release.event} by ${release.createdBy}`,
  ].join("\n");
}

type Glass = NonNullable<CreatedRelease["release"]["breakGlass"]>;

function describeGlass({ reason, expires }: Glass, { lifted = [] }: CreatedRelease["decision"]): readonly string[] {
  return [
    `  BREAK-GLASS until ${formatSeconds(expires)}: ${oneLine(reason)}`,
    ...lifted.map(
      ({ policy, missing, supply }) =>
        `    around ${policy}: ${oneLine(missing)}${supply === undefined ? "" : ` → ${supply}`}`,
    ),
  ];
}

/** Says loudly, also where only the exit code is looked at, that the policy was gone around. */
export function warnOfBrokenGlass(ctx: Context, { created, release }: CreatedRelease): void {
  const { breakGlass, service, environment, number } = release;
  if (!created || breakGlass === undefined) return;
  ctx.report.warn(
    `THE GLASS IS BROKEN: release ${number} of ${service} in ${environment} goes around the policy until ${formatSeconds(breakGlass.expires)}; everybody sees it in \`ingot status\` and \`ingot history\``,
  );
}
