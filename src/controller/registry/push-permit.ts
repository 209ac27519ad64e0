import type { Principal } from "../../policy/policy.ts";
import type { Asked } from "../decisions/authorize.ts";
import type { Registry } from "./registry.ts";

/** Throws `policy-denied`. */
export async function requirePush(registry: Registry, principal: Principal, repository: string): Promise<void> {
  await registry.access.require(askFor(principal, "push", repository));
}

export async function mayPush(registry: Registry, principal: Principal, repository: string): Promise<boolean> {
  return (await registry.access.decide(askFor(principal, "push", repository))).permit;
}

/** To see what there is: which tags a repository has. Throws `policy-denied`. */
export async function requireRead(registry: Registry, principal: Principal, repository: string): Promise<void> {
  await registry.access.require(askFor(principal, "audit", repository));
}

/** To take something out of a repository. Throws `policy-denied`. */
export async function requireDelete(registry: Registry, principal: Principal, repository: string): Promise<void> {
  await registry.access.require(askFor(principal, "administer", repository));
}

/** To see all repositories. Throws `policy-denied`. */
export async function requireCatalog(registry: Registry, principal: Principal): Promise<void> {
  const { environment } = principal;
  const resource = { kind: "controller" } as const;
  await registry.access.require({
    principal,
    action: "audit",
    resource,
    ...(environment === undefined ? {} : { environment }),
  });
}

/** Attack: the token that an admin made for the hosts of one environment pushes and deletes what all environments have. A repository is of none; such a token only reads. */
function askFor(principal: Principal, action: "push" | "administer" | "audit", repository: string): Asked {
  const { environment } = principal;
  const resource = { kind: "image", repository } as const;
  return { principal, action, resource, ...(action === "audit" && environment !== undefined ? { environment } : {}) };
}
