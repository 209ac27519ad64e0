import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { IngotError, isErrno } from "../../ground/error.ts";
import { assertFreeAddress, takenAddresses } from "./free-addresses.ts";
import { formatAddress, parseRange } from "./subnet.ts";

const folder = takenAddresses;
const lastFile = join(folder, "last_reserved_ip.0");

/** As the plugin writes it. */
function ownerText(owner: string): string {
  return `${owner}\r\neth0`;
}

/**
 * Takes the next free address of a network, as host-local does: the one after the last that was given, so that one which was given back is not used again at once. Making its file is what takes it, which the
 * kernel lets only one do. Throws `network-no-address` when none is free.
 */
export function takeAddress(subnet: string, owner: string): string {
  const { first = 0, mask = 0 } = parseRange(subnet) ?? {};
  // The network's own, the bridge's, and the broadcast address are nobody's.
  const [from, count] = [first + 2, (~mask >>> 0) - 2];
  mkdirSync(folder, { recursive: true });
  const next = lastTaken() - from + 1;
  for (let tried = 0; tried < count; tried += 1) {
    const address = formatAddress(from + ((((next + tried) % count) + count) % count));
    if (!take(address, owner)) continue;
    writeFileSync(lastFile, address);
    return address;
  }
  assertFreeAddress(subnet);
  throw new IngotError("network-failed", `no address of ${subnet} could be taken: others took them at the same time`);
}

/** Gives back what `owner` has; `address`: where that is known. Nothing when it has none. */
export function giveBackAddress(owner: string, address?: string): void {
  if (address !== undefined && giveBack(address, owner)) return;
  const names = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of names) giveBack(name, owner);
}

function take(address: string, owner: string): boolean {
  try {
    writeFileSync(join(folder, address), ownerText(owner), { flag: "wx" });
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

function giveBack(address: string, owner: string): boolean {
  const path = join(folder, address);
  try {
    if (readFileSync(path, "utf8").trim() !== ownerText(owner)) return false;
  } catch (error) {
    // Given back by its owner meanwhile.
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
  rmSync(path, { force: true });
  return true;
}

function lastTaken(): number {
  const text = existsSync(lastFile) ? readFileSync(lastFile, "utf8").trim() : "";
  return /^\d+(\.\d+){3}$/.test(text) ? Buffer.from(text.split(".").map(Number)).readUInt32BE() : 0;
}
