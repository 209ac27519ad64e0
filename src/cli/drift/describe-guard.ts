import type { GuardView } from "../../controller/drift/guard-view.ts";
import { formatColumns, formatTime } from "../format.ts";
import { oneLine } from "../release/one-line.ts";
import { plural } from "../release/plural.ts";

/** How the guard is, and what somebody should look at. */
export function describeGuard({ guard, breakers, open, running }: GuardView): string {
  const found = [
    ...(open === 0 ? [] : [`${plural(open, "finding")} whose instance is being replaced`]),
    ...(running === 0 ? [] : [`${plural(running, "finding")} whose instance runs on`]),
  ];
  return [
    ...(guard === undefined ? ["this controller watches no instances"] : describeSensors(guard)),
    ...breakers.map(
      ({ service, environment, why, since }) =>
        `the breaker of ${service} in ${environment} is open since ${formatTime(since)}: ${oneLine(why)}\n  once it is right again: ingot drift reset ${service} --in ${environment}`,
    ),
    found.length === 0 ? "no drift stands open" : `drift stands open: ${found.join(", ")}: ingot drift list --open`,
  ].join("\n");
}

function describeSensors({ isAwake, watched, executions, lost, sensors }: NonNullable<GuardView["guard"]>): string[] {
  const state = isAwake ? "awake" : "BLIND";
  const missed = lost === 0 ? "" : `, ${lost} lost`;
  return [
    `the guard is ${state}: it watches ${plural(watched, "instance")} and saw ${plural(executions, "execution")}${missed}`,
    ...formatColumns(sensors.map(({ name, state: now, detail }) => [`  ${name}`, now, oneLine(detail)])),
  ];
}
