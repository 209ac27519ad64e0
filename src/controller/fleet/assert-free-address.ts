import { findListener, isSameAddress } from "../../fleet/traffic/find-listener.ts";
import type { ServiceKey, ServiceSpec } from "../../fleet/fleet.ts";
import { IngotError } from "../../ground/error.ts";
import { urlHost, type ListenAddress } from "../../ground/listen-address.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { findRelease, listCurrent, type Release } from "../state/releases.ts";
import { stableOf } from "../state/rollouts.ts";
import { listenOf } from "./listen-of.ts";

/**
 * A service that is to listen where another does would be rolled out and never serve. Its own address it has already: that is its proxy. Throws `address-taken`.
 */
export function assertFreeAddress(state: Database, key: ServiceKey, { listen }: Pick<ServiceSpec, "listen">): void {
  if (listen === undefined) return;
  const current = listCurrent(state);
  const other = current.find(
    (one) => !isOf(one, key) && addressesOf(state, one).some((had) => isSameAddress(had, listen)),
  );
  if (other !== undefined) throw taken(key, listen, `service ${other.service} in ${other.environment}`);
  const own = current.filter((one) => isOf(one, key)).flatMap((one) => addressesOf(state, one));
  if (own.some((had) => isSameAddress(had, listen))) return;
  const holder = findListener(listen);
  if (holder !== undefined) throw taken(key, listen, `${holder.name} (process ${holder.pid})`);
}

function isOf(one: ServiceKey, other: ServiceKey): boolean {
  return one.environment === other.environment && one.service === other.service;
}

/** Of the release that is to run, and of the one that does until then. */
function addressesOf(state: Database, current: Release): readonly ListenAddress[] {
  const number = stableOf(state, current);
  const stable = number === undefined ? undefined : findRelease(state, { ...current, number });
  return [current, stable].flatMap((release) => (release === undefined ? [] : (listenOf(release) ?? [])));
}

function taken({ environment, service }: ServiceKey, { host, port }: ListenAddress, who: string): IngotError {
  return new IngotError(
    "address-taken",
    `service ${service} in ${environment} cannot be given ${urlHost(host)}:${port}: ${who} listens on ${urlHost(host)}:${port} already`,
    {
      hint: `give it another address in ingot.yaml: services: ${service}: in: {${environment}: {listen: "ADDRESS:PORT"}}`,
    },
  );
}
