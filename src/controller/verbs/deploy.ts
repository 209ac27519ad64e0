import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { listReleases, type Release } from "../state/releases.ts";
import type { BreakGlass } from "./break-glass.ts";
import { createRelease, type CreatedRelease } from "./create-release.ts";
import { findImage } from "./find-image.ts";

export type DeployOrder = {
  readonly service: string;
  readonly environment: string;
  /** As `findImage` takes it. */
  readonly image: string;
  /** Absent: as the current release has it. */
  readonly configuration?: Release["configuration"];
  readonly reason: string;
  readonly breakGlass?: BreakGlass;
};

/**
 * Makes an image the current release of a service in an environment, by the policy's leave. It is put on the record, and its rollout begins. Throws `image-not-pushed`, `environment-unknown`,
 * `policy-denied` with everything that is missing, and `release-unknown` where there is neither a configuration nor a release to take it from.
 */
export function deploy(controller: Controller, principal: Principal, order: DeployOrder): Promise<CreatedRelease> {
  const { image, configuration, ...rest } = order;
  return createRelease(controller, principal, (state) => ({
    action: "deploy",
    ...rest,
    ...findImage(state, image),
    configuration: configuration ?? currentConfiguration(state, order),
  }));
}

function currentConfiguration(state: Database, { service, environment }: DeployOrder): Release["configuration"] {
  const [current] = listReleases(state, { service, environment }, 1);
  if (current !== undefined) return current.configuration;
  throw new IngotError(
    "release-unknown",
    `service ${service} has no release in ${environment} to take its configuration from`,
    {
      hint: `is its name right? a new service is named in services: of ingot.yaml: ingot deploy ${service} --to ${environment}, from the project's folder`,
    },
  );
}
