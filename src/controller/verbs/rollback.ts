import { IngotError } from "../../ground/error.ts";
import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { listReleases, type Release } from "../state/releases.ts";
import { revocationsOf } from "../state/revocations.ts";
import { findQuarantined, rolloutOfRelease } from "../state/rollouts.ts";
import type { BreakGlass } from "./break-glass.ts";
import { createRelease, type CreatedRelease } from "./create-release.ts";
import { chooseRollback, type PassedOver } from "./rollback-target.ts";

export type RollbackOrder = {
  readonly service: string;
  readonly environment: string;
  /** The number of the release to go back to; absent: the newest that is a way back. */
  readonly to?: number;
  readonly reason: string;
  readonly breakGlass?: BreakGlass;
};

/** `passedOver`: newer releases that were no way back, and why. */
export type RolledBack = CreatedRelease & { readonly passedOver: readonly PassedOver[] };

/**
 * Makes an earlier release's image and configuration the current release again, as a release of its own. Throws `release-unknown`, `rollback-refused`, `environment-unknown`, `policy-denied`.
 */
export async function rollback(
  controller: Controller,
  principal: Principal,
  order: RollbackOrder,
): Promise<RolledBack> {
  const { to, ...rest } = order;
  const { service, environment } = order;
  let passedOver: readonly PassedOver[] = [];
  const made = await createRelease(controller, principal, (state) => {
    const releases = listReleases(state, order);
    if (releases.length === 0) throw noRelease(order);
    const isRevoked = (image: string): boolean => revocationsOf(state, image).length > 0;
    const isQuarantined = (image: string): boolean => findQuarantined(state, { ...order, image }) !== undefined;
    const isGood = ({ number }: Release): boolean =>
      rolloutOfRelease(state, { ...order, number })?.status === "successful";
    const target = chooseRollback(releases, {
      isRevoked,
      isQuarantined,
      isGood,
      ...(to === undefined ? {} : { to }),
    });
    ({ passedOver } = target);
    const { repository, image, configuration, number } = target.release;
    const from = { environment, number, kind: "rollback" } as const;
    return { action: "rollback", ...rest, service, repository, image, configuration, from };
  });
  return { ...made, passedOver };
}

function noRelease({ service, environment }: RollbackOrder): IngotError {
  return new IngotError("release-unknown", `service ${service} has no release in ${environment}`, {
    hint: `ingot deploy ${service} --to ${environment}`,
  });
}
