import type { ShownInstance, ShownService } from "../../controller/verbs/show-services.ts";
import { formatTable, formatTime } from "../format.ts";
import { oneLine } from "./one-line.ts";

/** How far a rollout is, in one line that changes when something has happened. */
export function describeProgress({ rollout, running }: ShownService): string {
  if (rollout === undefined || running === undefined) return "";
  // Going back, instances of an earlier release of the same image are what is wanted.
  const isWanted = (one: ShownInstance): boolean => one.release === rollout.release || one.image === rollout.image;
  const fresh = running.instances.filter((one) => isWanted(one) && one.state !== "gone");
  const healthy = fresh.filter(({ health }) => health === "healthy").length;
  const serving = fresh.filter(({ traffic }) => traffic === "in").length;
  const others = running.instances.filter((one) => !isWanted(one) && one.traffic === "in").length;
  const old = others === 0 ? "" : `, ${others} of older releases serve`;
  const failure = fresh.find((one) => one.failure !== undefined)?.failure;
  const trouble = failure === undefined ? "" : ` (${oneLine(failure)})`;
  return `release ${rollout.release}: ${rollout.status}, ${healthy} of ${running.replicas} healthy, ${serving} serve${old}${trouble}`;
}

/** What runs of a service, for a person: a head line, its instances, and what stands in the way. */
export function describeService(shown: ShownService): string {
  const { environment, service, rollout, running, quarantine, alarms } = shown;
  const head = `${service} in ${environment}: ${describeRollout(shown)}`;
  const concerns = [
    ...alarms.map(({ alarm, message, since }) => `ALARM ${alarm} since ${formatTime(since)}: ${oneLine(message)}`),
    ...(rollout?.status === "failed" ? [`release ${rollout.release} failed: ${oneLine(rollout.why ?? "")}`] : []),
    ...quarantine.map(
      ({ image, why }) =>
        `in quarantine: ${image.slice(0, 19)} (${oneLine(why)}) → ingot quarantine lift ${service} ${image} --in ${environment} --reason WHY`,
    ),
    ...(running?.notes ?? []).map((note) => oneLine(note)),
    ...sayNext(shown),
  ];
  const rows = running?.instances.map(toRow) ?? [];
  const table =
    rows.length === 0
      ? []
      : formatTable(["instance", "release", "state", "health", "traffic", "since", "address"], rows)
          .split("\n")
          .map((line) => `  ${line}`);
  return [head, ...table, ...concerns.map((line) => `  ${line}`)].join("\n");
}

/** What a rollout that waits for a person waits for. */
function sayNext({ environment, service, rollout }: ShownService): readonly string[] {
  const verb = { "awaiting-promotion": "promote", paused: "resume" } as const;
  if (rollout?.status !== "awaiting-promotion" && rollout?.status !== "paused") return [];
  return [
    `→ ingot rollout ${verb[rollout.status]} ${service} --in ${environment}, or ingot rollout cancel ${service} --in ${environment}`,
  ];
}

function describeRollout({ release, stable, rollout, running, listen }: ShownService): string {
  if (running === undefined) return `release ${release}, not rolled out: this controller runs no instances`;
  const serving = running.instances.filter(({ traffic }) => traffic === "in").length;
  const where = listen === undefined ? "" : ` at ${listen}`;
  const healthy = running.instances.filter(({ health }) => health === "healthy").length;
  // What takes no traffic serves by running.
  const count =
    listen === undefined
      ? `${healthy} of ${running.replicas} healthy`
      : `${serving} of ${running.replicas} serve${where}`;
  if (rollout === undefined || rollout.ended !== undefined) return `release ${stable ?? "none"}, ${count}`;
  return `release ${rollout.release} ${rollout.status}${rollout.from === undefined ? "" : ` in place of ${rollout.from}`}, ${count}`;
}

function toRow(one: ShownInstance): string[] {
  const address = one.address === undefined ? "" : `${one.address}${one.port === undefined ? "" : `:${one.port}`}`;
  const state = one.condemned === undefined ? one.state : `${one.state}, ${one.condemned}`;
  const health = one.failure === undefined ? one.health : `${one.health}: ${oneLine(one.failure)}`;
  return [one.id, String(one.release), state, health, one.traffic, formatTime(one.started), address];
}
