import { shortDigest } from "../../oci/digest.ts";
import type { DriftEvents } from "./drift-events.ts";

type TellDrift = { readonly [T in keyof DriftEvents]: (data: DriftEvents[T], actor: string) => string };

/** What happened to instances that drifted, as what follows the actor's name. */
export const tellDrift: TellDrift = {
  "drift.found": ({ rule, message, release, response, ...of }) =>
    `found drift on ${instanceOf(of)}, release ${release}: ${rule}: ${message}; ${sayResponse(response)}`,
  "drift.captured": ({ drift, repository, artifact, bytes, ...of }) =>
    `captured ${instanceOf(of)}${forDrift(drift)}: ${repository}@${shortDigest(artifact)}, ${bytes} bytes`,
  "drift.uncaptured": ({ drift, why, ...of }) => `could not capture ${instanceOf(of)}${forDrift(drift)}: ${why}`,
  "drift.replaced": ({ drift, by, milliseconds, ...of }) =>
    `${by === undefined ? "removed" : "replaced"} ${instanceOf(of)}${by === undefined ? "" : ` by ${by}`} for drift #${drift}, ${milliseconds} ms after it was seen`,
  "instance.debugged": ({ command, reason, ...of }) =>
    `ran ${JSON.stringify(command.join(" "))} in ${instanceOf(of)}, which is replaced for it: ${reason}`,
  "breaker.opened": ({ environment, service, why }) =>
    `opened the breaker of ${service} in ${environment}: drift is only told there: ${why}`,
  "breaker.closed": ({ environment, service, by }) =>
    `closed the breaker of ${service} in ${environment}${by === "time" ? ", since its time was over" : ""}`,
};

/** What was done at once, for people. */
export function sayResponse(response: DriftEvents["drift.found"]["response"]): string {
  switch (response) {
    case "frozen":
      return "it was frozen";
    case "observed":
      return "nothing was done, as it is only observed";
    case "rate-limited":
      return "it runs on, as too many of its service would be frozen at once";
    case "breaker-open":
      return "it runs on, as the breaker of its service is open";
    case "gone":
      return "it was gone already";
  }
}

function forDrift(drift: number | undefined): string {
  return drift === undefined ? "" : ` for drift #${drift}`;
}

type Of = { readonly environment: string; readonly service: string; readonly instance: string };

function instanceOf({ environment, service, instance }: Of): string {
  return `${instance} of ${service} in ${environment}`;
}
