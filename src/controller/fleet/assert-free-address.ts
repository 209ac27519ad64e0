import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { findListener, isSameAddress } from "../../fleet/traffic/find-listener.ts";
import { listProcesses } from "../../fleet/traffic/proxy-process.ts";
import { trafficPaths } from "../../fleet/traffic/traffic-paths.ts";
import type { ServiceKey, ServiceSpec } from "../../fleet/fleet.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { isLoopbackAddress, urlHost, type ListenAddress } from "../../ground/listen-address.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { findRelease, listCurrent, type Release } from "../state/releases.ts";
import { stableOf } from "../state/rollouts.ts";
import { listenOf } from "./listen-of.ts";

/**
 * A service that is to listen where another does, or where this host is not, would be rolled out and never serve. Its own address it has already: that is its proxy, which stays at the former one as long as
 * it cannot have the next. Throws `address-taken`, `address-not-here`.
 */
export function assertFreeAddress(
  { home, state }: { readonly home: string; readonly state: Database },
  key: ServiceKey,
  { listen }: Pick<ServiceSpec, "listen">,
): void {
  if (listen === undefined) return;
  const current = listCurrent(state);
  const other = current.find(
    (one) => !isOf(one, key) && addressesOf(state, one).some((had) => isSameAddress(had, listen)),
  );
  if (other !== undefined) throw taken(key, listen, `service ${other.service} in ${other.environment}`);
  const own = current.filter((one) => isOf(one, key)).flatMap((one) => addressesOf(state, one));
  if (own.some((had) => isSameAddress(had, listen))) return;
  if (!isOfThisHost(listen)) throw notHere(key, listen);
  const holder = findListener(listen);
  const proxies = holder === undefined ? [] : listProcesses(trafficPaths(home, key));
  if (holder !== undefined && proxies.every(({ pid }) => pid !== holder.pid))
    throw taken(key, listen, `${holder.name} (process ${holder.pid})`);
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

/** Whether a program can listen there now. */
function isOfThisHost({ host, port }: ListenAddress): boolean {
  const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  return (
    isLoopbackAddress(host) ||
    mayBeElsewhere() ||
    // One of all addresses is the same as each.
    own.some((address) => isSameAddress({ host: address, port }, { host, port }))
  );
}

/** A host that takes over another's addresses may listen at them before it has them: ip(7). */
function mayBeElsewhere(): boolean {
  return ["ipv4", "ipv6"].some((family) => {
    try {
      return readFileSync(`/proc/sys/net/${family}/ip_nonlocal_bind`, "utf8").trim() === "1";
    } catch (error) {
      if (isErrno(error, "ENOENT")) return false;
      throw error;
    }
  });
}

function notHere({ environment, service }: ServiceKey, { host, port }: ListenAddress): IngotError {
  return new IngotError(
    "address-not-here",
    `service ${service} in ${environment} cannot be given ${urlHost(host)}:${port}: the controller's host has no address ${host}`,
    {
      hint: `give it an address of that host in ingot.yaml: services: ${service}: in: {${environment}: {listen: "ADDRESS:PORT"}}; 0.0.0.0 stands for all`,
    },
  );
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
