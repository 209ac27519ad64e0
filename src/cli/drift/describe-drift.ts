import { sayResponse } from "../../controller/events/tell-drift.ts";
import type { ShownDrift } from "../../controller/drift/show-drift.ts";
import type { RecordedCapture } from "../../controller/state/captures.ts";
import type { RecordedDrift } from "../../controller/state/drift.ts";
import { formatBytes, formatColumns, formatDuration, formatTable, formatTime } from "../format.ts";
import { oneLine } from "../release/one-line.ts";
import { describeChain } from "./describe-chain.ts";

/** Drift as a table, newest first. */
export function describeDrifts(drifts: readonly RecordedDrift[]): string {
  if (drifts.length === 0) return "no drift was found that fits";
  const rows = drifts.map((drift) => [
    `#${drift.id}`,
    formatTime(drift.recorded),
    `${drift.service} in ${drift.environment}`,
    drift.instance,
    drift.rule,
    clip(oneLine(drift.subject)),
    sayStatus(drift),
  ]);
  return formatTable(["drift", "found", "service", "instance", "rule", "about", "became of it"], rows);
}

/** All that is known of one. `url`: of the controller, whose registry has the captures. */
export function describeDrift({ drift, meaning, captures }: ShownDrift, url: string): string {
  const { id, rule, instance, service, environment, release, image, sensor, chain, message } = drift;
  const facts = formatColumns([
    ["  rule", `${rule}${meaning === "" ? "" : `: ${meaning}`}`],
    ["  about", oneLine(drift.subject)],
    ["  instance", `${instance} of ${service} in ${environment}, release ${release}`],
    ["  image", image],
    ["  seen by", sensor],
    ["  done", sayResponse(drift.response)],
    ["  stands", sayStatus(drift)],
  ]);
  return [
    `drift #${id}: ${oneLine(message)}`,
    ...facts,
    "",
    "when:",
    ...describeTimes(drift, captures),
    "",
    "processes, from the first to the one that was found:",
    ...(chain.length === 0 ? ["  none was seen"] : describeChain(chain).map((line) => `  ${line}`)),
    "",
    ...captures.flatMap((capture) => describeCapture(capture, url)),
    ...(captures.length === 0 ? ["nothing was captured"] : []),
  ].join("\n");
}

/** From what the kernel saw on; each with the time since then. */
function describeTimes(drift: RecordedDrift, captures: readonly RecordedCapture[]): readonly string[] {
  const { seen, found, response, recorded, replaced } = drift;
  const since = (moment: number): string => `+${formatDuration(Math.max(0, moment - seen))}`;
  const [captured] = captures.filter((one) => "artifact" in one && one.drift !== undefined).map(({ made }) => made);
  return formatColumns([
    ["  seen", new Date(seen).toISOString(), ""],
    [`  ${response === "frozen" ? "found and frozen" : "found"}`, new Date(found).toISOString(), since(found)],
    ["  on the record", recorded, since(Date.parse(recorded))],
    ...(captured === undefined ? [] : [["  captured", captured, since(Date.parse(captured))]]),
    ...(replaced === undefined ? [] : [["  replaced", replaced.at, `+${formatDuration(replaced.milliseconds)}`]]),
  ]);
}

/** With the command that fetches its files, and the one that says whether the controller made it. */
function describeCapture(capture: RecordedCapture, url: string): readonly string[] {
  if (!("artifact" in capture)) return [`not captured: ${oneLine(capture.why)}`];
  const { repository, artifact, bytes, askedBy } = capture;
  const reference = `${new URL(url).host}/${repository}@${artifact}`;
  const isPlain = new URL(url).protocol === "http:";
  return [
    `captured${askedBy === "system:controller" ? "" : ` for ${askedBy}`}, ${formatBytes(bytes)}: ${reference}`,
    `  its files:   ${sayPull(url, reference)}`,
    `  its maker:   ingot drift key > guard.pub && ingot audit trusted-root > root.json && cosign verify-attestation --key guard.pub --trusted-root root.json${isPlain ? " --allow-http-registry" : ""} --type ${predicateType} ${reference}`,
  ];
}

/** The command that fetches a capture's files. Without TLS, which is on the loopback alone, tools ask to be told so. */
export function sayPull(url: string, reference: string): string {
  return `oras pull ${new URL(url).protocol === "http:" ? "--plain-http " : ""}${reference}`;
}

const predicateType = "https://ingot.dev/attestation/drift/v1";

export function sayStatus({ status, replaced, response }: RecordedDrift): string {
  switch (status) {
    case "replaced":
      return `replaced${replaced?.by === undefined ? "" : ` by ${replaced.by}`} in ${formatDuration(replaced?.milliseconds ?? 0)}`;
    case "ended":
      return "its instance has ended";
    case "running":
      return `runs on (${response})`;
    case "open":
      return response === "gone" ? "is being replaced" : "frozen, is being replaced";
  }
}

function clip(text: string): string {
  return text.length <= 50 ? text : `${text.slice(0, 49)}…`;
}
