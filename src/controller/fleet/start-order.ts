import type { StartOrder } from "../../fleet/engine/engine.ts";
import type { ServiceKey } from "../../fleet/fleet.ts";
import { IngotError } from "../../ground/error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Principal } from "../../policy/policy.ts";
import { readSize } from "../../project/scalars.ts";
import { instanceSpec } from "../../runtime/image-instance.ts";
import type { InstanceSpec, Secret } from "../../runtime/runtime.ts";
import type { Controller } from "../controller.ts";
import { controllerHost } from "../identity/issue-host-token.ts";
import { registryOf } from "../registry/registry-of.ts";
import { findRelease, type Release } from "../state/releases.ts";
import { findQuarantined } from "../state/rollouts.ts";
import { readSecret } from "./read-secret.ts";
import type { ReleaseSpecs } from "./release-specs.ts";
import type { ServiceConfiguration } from "./service-configuration.ts";

export type OrderOptions = {
  readonly specs: ReleaseSpecs;
  /** Makes ready what the first start of an image would wait for; asked for it by several at once, it does so once. */
  readonly prepare: (image: Digest) => Promise<void>;
};

/** Makes the image of a release ready, where an instance might be started from it now. Throws what `orderStart` does. */
export async function prepareRelease(
  controller: Controller,
  { specs, prepare }: OrderOptions,
  of: { readonly key: ServiceKey; readonly number: number },
): Promise<void> {
  const release = findOrdered(controller, of);
  await requirePull(controller, release);
  await prepare(specs(release).source.digest);
}

/**
 * What an instance of a release is started from. Starting is a pull: the policy of the environment decides it, each time. Throws `release-unknown`, `image-quarantined`, `policy-denied`, `secret-missing`,
 * `configuration-unusable`, and what reading the image throws.
 */
export async function orderStart(
  controller: Controller,
  { specs, prepare }: OrderOptions,
  { key, number }: { readonly key: ServiceKey; readonly number: number },
): Promise<StartOrder> {
  const release = findOrdered(controller, { key, number });
  await requirePull(controller, release);
  const { configuration, source } = specs(release);
  const secrets = await secretsOf(controller, key, configuration);
  // By the driver, which has a process for it: what is read of the image afterwards would else be unpacked in this one.
  await prepare(source.digest);
  const limits = limitsOf(configuration);
  const spec = await instanceSpec(controller.ctx, source, { name: key.service, limits });
  const files = Object.entries(configuration.files).map(([path, content]) => ({ path, content }));
  return {
    spec: {
      ...spec,
      environment: { ...spec.environment, ...configuration.environment },
      ...(files.length === 0 ? {} : { files }),
    },
    ...(secrets.length === 0 ? {} : { secrets }),
  };
}

function findOrdered(
  { ledger }: Controller,
  { key, number }: { readonly key: ServiceKey; readonly number: number },
): Release {
  const release = findRelease(ledger.state, { ...key, number });
  if (release !== undefined) return release;
  throw new IngotError("release-unknown", `service ${key.service} has no release ${number} in ${key.environment}`);
}

/** Asked for last: between a plan and this a person may have revoked it. */
async function requirePull(
  controller: Controller,
  { environment, service, image, repository }: Release,
): Promise<void> {
  const found = findQuarantined(controller.ledger.state, { environment, service, image });
  if (found !== undefined) {
    throw new IngotError(
      "image-quarantined",
      `${image} is in quarantine for ${service} in ${environment}: ${found.why}`,
    );
  }
  await registryOf(controller).access.require({
    principal: hostOf(environment),
    action: "pull",
    resource: { kind: "image", repository },
    environment,
    image,
  });
}

const hosts = new Map<string, Principal>();

/** This machine, as who pulls for an environment. The same object each time: decisions are remembered by it. */
export function hostOf(environment: string): Principal {
  const known = hosts.get(environment);
  if (known !== undefined) return known;
  const host: Principal = { ...controllerHost, groups: [], roles: ["host"], environment };
  hosts.set(environment, host);
  return host;
}

function limitsOf({ limits }: ServiceConfiguration): Partial<InstanceSpec["limits"]> {
  const { memory, pids, cpus } = limits;
  return {
    ...(memory === undefined ? {} : { memory: readSize(memory) }),
    ...(pids === undefined ? {} : { pids }),
    ...(cpus === undefined ? {} : { cpus }),
  };
}

function secretsOf(
  { ctx, settings }: Controller,
  { environment }: ServiceKey,
  { secrets }: ServiceConfiguration,
): Promise<readonly Secret[]> {
  return Promise.all(
    Object.entries(secrets).map(async ([path, name]) => ({
      path,
      content: await readSecret(ctx, settings, { environment, name }),
    })),
  );
}
