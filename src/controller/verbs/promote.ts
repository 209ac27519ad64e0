import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { findRelease, listReleases, type Release } from "../state/releases.ts";
import type { BreakGlass } from "./break-glass.ts";
import { createRelease, type CreatedRelease } from "./create-release.ts";

export type PromoteOrder = {
  readonly service: string;
  readonly from: string;
  readonly to: string;
  /** Of the release; absent: the current one. */
  readonly number?: number;
  readonly reason: string;
  readonly breakGlass?: BreakGlass;
};

/**
 * Takes a release of one environment to another: the same image with the same configuration, decided anew by the policy there. Throws `release-unknown`, `environment-unknown`, `request-malformed`,
 * `policy-denied`.
 */
export async function promote(
  controller: Controller,
  principal: Principal,
  order: PromoteOrder,
): Promise<CreatedRelease> {
  const { service, from, to, reason, breakGlass } = order;
  if (from === to) {
    throw new IngotError("request-malformed", `a release is promoted to another environment than its own, ${from}`, {
      hint: `ingot rollback ${service} --in ${from} goes back to an earlier release`,
    });
  }
  return createRelease(controller, principal, (state) => {
    const { repository, image, configuration, number } = findSource(state, order);
    return {
      action: "promote",
      service,
      environment: to,
      repository,
      image,
      configuration,
      reason,
      from: { environment: from, number, kind: "promote" },
      ...(breakGlass === undefined ? {} : { breakGlass }),
    };
  });
}

function findSource(state: Database, { service, from, number }: PromoteOrder): Release {
  const of = { service, environment: from };
  const source = number === undefined ? listReleases(state, of, 1)[0] : findRelease(state, { ...of, number });
  if (source !== undefined) return source;
  const which = number === undefined ? "no release" : `no release ${number}`;
  throw new IngotError("release-unknown", `service ${service} has ${which} in ${from}`, {
    hint:
      number === undefined ? `ingot deploy ${service} --to ${from}` : `ingot history ${service} --environment ${from}`,
  });
}
