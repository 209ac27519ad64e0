import { shortDigest } from "../../oci/digest.ts";
import type { EventData } from "./events.ts";
import type { FleetEvents } from "./fleet-events.ts";

type Tell = { readonly [T in keyof FleetEvents]: (data: EventData[T]) => string };

/** What became of releases, as what follows the actor's name in a sentence. */
export const tellFleet: Tell = {
  "rollout.created": ({ release, kind, strategy, from, ...of }) => {
    const what = { deploy: "rollout", rollback: "rollback", revert: "way back" }[kind];
    const over = from === undefined ? "" : ` in place of release ${from}`;
    return `began the ${what} of release ${release} of ${name(of)}${over}, ${strategy}`;
  },
  "rollout.moved": ({ to, ...of }) => `brought ${rollout(of)} to ${to.replace("-", " ")}`,
  "rollout.paused": ({ reason, ...of }) => `paused ${rollout(of)}${because(reason)}`,
  "rollout.resumed": (of) => `resumed ${rollout(of)}`,
  "rollout.promoted": (of) => `said that ${rollout(of)} goes on`,
  "rollout.succeeded": ({ milliseconds, ...of }) => `completed ${rollout(of)} after ${seconds(milliseconds)}`,
  "rollout.failed": ({ why, ...of }) => `gave up ${rollout(of)}: ${why}`,
  "rollout.cancelled": ({ reason, supersededBy, ...of }) =>
    `cancelled ${rollout(of)}${supersededBy === undefined ? because(reason) : `: release ${supersededBy} takes its place`}`,
  "image.quarantined": ({ image, why, ...of }) => `put ${shortDigest(image)} in quarantine for ${name(of)}: ${why}`,
  "quarantine.lifted": ({ image, reason, ...of }) =>
    `lifted the quarantine of ${shortDigest(image)} for ${name(of)}${because(reason)}`,
  "instance.started": ({ instance, release, why, milliseconds, ...of }) =>
    `started ${instance} of release ${release} of ${name(of)} in ${milliseconds} ms: ${why}`,
  "instance.ended": ({ instance, release, why, code, signal, isOutOfMemory, ...of }) => {
    const how = [
      ...(code === undefined ? [] : [`exit code ${code}`]),
      ...(signal === undefined ? [] : [signal]),
      ...(isOutOfMemory === true ? ["out of memory"] : []),
    ].join(", ");
    return `ended ${instance} of release ${release} of ${name(of)}: ${why}${how === "" ? "" : ` (${how})`}`;
  },
  "alarm.raised": ({ message, ...of }) => `raised an alarm for ${name(of)}: ${message}`,
  "alarm.cleared": ({ alarm, ...of }) => `cleared the alarm ${alarm} for ${name(of)}`,
};

type ServiceOf = { readonly environment: string; readonly service: string };

/** `web in staging`. */
function name({ environment, service }: ServiceOf): string {
  return `${service} in ${environment}`;
}

function rollout({ release, ...of }: ServiceOf & { readonly release: number }): string {
  return `the rollout of release ${release} of ${name(of)}`;
}

function because(reason: string): string {
  return reason === "" ? "" : `: ${reason}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
