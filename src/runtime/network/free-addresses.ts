import { existsSync, readdirSync } from "node:fs";
import { IngotError } from "../../ground/error.ts";
import { isInRange } from "./subnet.ts";

/** Throws `network-no-address` when the plugin host-local has none left: it says so itself only in words. `folder`: where it keeps them, a file for each that is in use. */
export function assertFreeAddress(folder: string, subnet: string): void {
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
