import { tellStep } from "../../fleet/plan/describe-plan.ts";
import { IngotError } from "../../ground/error.ts";
import type { Controller } from "../controller.ts";
import { assertFreeAddress } from "../fleet/assert-free-address.ts";
import { makeSpec } from "../fleet/release-specs.ts";
import { requireOperations } from "../operations.ts";
import { listReleases, type Release } from "../state/releases.ts";
import { assertNotQuarantined } from "./create-release.ts";
import { findImage } from "./find-image.ts";

export type PlanOrder = {
  readonly service: string;
  readonly environment: string;
  /** As `findImage` takes it. */
  readonly image: string;
  /** Absent: as the current release has it. */
  readonly configuration?: Release["configuration"];
};

/**
 * What the fleet would do for a release, step by step, if all went well. Nothing is decided, recorded or started. Throws what would keep it from being released whatever the policy says: `fleet-not-here`, `image-not-pushed`,
 * `release-unknown`, `configuration-unusable`, `image-quarantined`, `address-taken`, `address-not-here`.
 */
export function planDeployment(controller: Controller, order: PlanOrder): readonly string[] {
  const { fleet } = requireOperations(controller);
  const { environment, service } = order;
  const { state } = controller.ledger;
  const [current] = listReleases(state, order, 1);
  const configuration = order.configuration ?? current?.configuration;
  if (configuration === undefined) {
    throw new IngotError(
      "release-unknown",
      `service ${service} has no release in ${environment} to take its configuration from`,
      {
        hint: `ingot deploy ${service} --to ${environment} --plan, from the project's folder`,
      },
    );
  }
  const { image } = findImage(state, order.image);
  assertNotQuarantined(state, { service, environment, image });
  const number = (current?.number ?? 0) + 1;
  const release = makeSpec(controller.ctx, { environment, service, number, image, configuration });
  assertFreeAddress({ home: controller.ctx.home, state }, order, release.spec);
  return fleet.foresee({ environment, service }, release).map((step) => tellStep(step));
}
