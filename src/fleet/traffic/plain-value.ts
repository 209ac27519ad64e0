import { isIP } from "node:net";
import { IngotError } from "../../ground/error.ts";
import { urlHost } from "../../ground/listen-address.ts";

/** Values as they stand in HAProxy's configuration: a name, a blank or the end of a line could say more than it is asked for. All throw `proxy-failed`. */
export function plainAddress(address: string): string {
  if (isIP(address) === 0)
    throw refuse(`${JSON.stringify(address)} is not an IP address`, "give an address, not a name");
  return urlHost(address);
}

export function plainPort(port: number): number {
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw refuse(`${port} is not a port`, "expected a number from 1 to 65535");
}

/** A path as one word. */
export function plainPath(path: string): string {
  if (/^\/[\x21-\x26\x28-\x7e]*$/.test(path)) return `'${path}'`;
  throw refuse(`${JSON.stringify(path)} is no path to check`, "expected / and printable ASCII without '");
}

function refuse(message: string, hint: string): IngotError {
  return new IngotError("proxy-failed", message, { hint });
}
