import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { IngotError } from "../../ground/error.ts";
import { isInRange } from "./subnet.ts";

/** Where the plugin host-local keeps which addresses are taken, in a folder with the network's name. */
export const addressFolder = "/run/ingot/cni";
export const networkName = "ingot";
/** A file for each address that is in use. */
export const takenAddresses = join(addressFolder, networkName);

/** Throws `network-no-address` when there is none left: the plugin says so itself only in words. */
export function assertFreeAddress(subnet: string): void {
  const folder = takenAddresses;
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const used = names.filter((name) => isInRange(name, subnet)).length;
  const bits = Number(subnet.split("/")[1]);
  // Without the network's own address, the broadcast address and the bridge's.
  const all = 2 ** (32 - bits) - 3;
  if (used < all) return;
  throw new IngotError("network-no-address", `all ${all} addresses of ${subnet} are in use by instances of this host`, {
    hint: "end some with: ingot stop; or give a host without instances a larger network by INGOT_SUBNET",
  });
}
