import type { ServiceStatus } from "../../controller/verbs/status.ts";
import { formatSeconds } from "../../ground/format-timestamp.ts";
import { shortDigest } from "../../oci/digest.ts";
import { formatTable, formatTime } from "../format.ts";
import { oneLine } from "./one-line.ts";

/** A table of what is released, and below it whatever needs somebody's attention. `now`: seconds since 1970. */
export function describeStatus(services: readonly ServiceStatus[], now: number): string {
  if (services.length === 0) return "nothing is released; next: ingot deploy SERVICE --to ENVIRONMENT";
  const rows = services.map((one) => {
    const { environment, service, number, created, createdBy } = one.release;
    return [environment, service, String(number), nameOf(one), formatTime(created), createdBy, standingOf(one)];
  });
  const table = formatTable(["environment", "service", "release", "image", "since", "by", "now"], rows);
  const concerns = services.flatMap((one) => describeConcerns(one, now));
  return concerns.length === 0 ? table : [table, "", ...concerns].join("\n");
}

function nameOf({ release, tags }: ServiceStatus): string {
  const [tag] = tags;
  return tag === undefined ? `${release.repository}@${shortDigest(release.image)}` : `${release.repository}:${tag}`;
}

function standingOf({ revocations, breakGlass, deploy, pull }: ServiceStatus): string {
  if (revocations.length > 0) return "REVOKED";
  if (breakGlass !== undefined) return breakGlass.isOverdue ? "BREAK-GLASS, OVERDUE" : "BREAK-GLASS";
  if (!pull.permit) return "denied";
  return deploy.permit ? "permitted" : "runs on";
}

function describeConcerns(one: ServiceStatus, now: number): readonly string[] {
  const { release, revocations, breakGlass, deploy, pull } = one;
  const lines = [
    ...revocations.map(({ event, what, reason }) => `REVOKED by #${event} (${what}): ${oneLine(reason)}`),
    ...(breakGlass === undefined ? [] : [describeGlass(breakGlass)]),
    ...(pull.permit ? [] : ["its instances may not be started any more"]),
    ...(!pull.permit || deploy.permit
      ? []
      : [
          breakGlass === undefined
            ? "it runs on; released anew today it would be denied:"
            : "without that it would be denied:",
        ]),
    // That it is revoked has been said.
    ...(pull.permit ? deploy : pull).missing.filter(({ policy }) => policy !== "revoked").map(describeMissing),
    ...describeEnds(one, now),
  ];
  if (lines.length === 0) return [];
  return [
    `${release.service} in ${release.environment}, release ${release.number}:`,
    ...lines.map((line) => `  ${line}`),
  ];
}

function describeMissing({ policy, missing, supply }: ServiceStatus["deploy"]["missing"][number]): string {
  return `  ${policy}: ${oneLine(missing)}${supply === undefined ? "" : ` → ${supply}`}`;
}

function describeGlass({ reason, expires, isOverdue }: NonNullable<ServiceStatus["breakGlass"]>): string {
  const when = isOverdue ? `was to end at ${formatSeconds(expires)} and is OVERDUE` : `until ${formatSeconds(expires)}`;
  return `BREAK-GLASS ${when}: ${oneLine(reason)}`;
}

const day = 86_400;

/** What is good now and will not be for long. The end of a broken glass has been said. */
function describeEnds({ pullEnds, breakGlass, approvals }: ServiceStatus, now: number): readonly string[] {
  const ending = approvals.filter(({ expires }) => expires < now + day);
  return [
    ...ending.map(({ by, expires }) => `the approval of ${by} ends at ${formatSeconds(expires)}`),
    ...(pullEnds === undefined || breakGlass !== undefined
      ? []
      : [`from ${formatSeconds(pullEnds)} on its instances may not be started, if nothing is done until then`]),
  ];
}
