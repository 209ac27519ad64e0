import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";

export const bridgeName = "ingot0";

/** Tried in this order; private, and apart from the defaults of other container tools. */
const candidates = ["10.213.0.0/16", "10.214.0.0/16", "172.29.0.0/16", "192.168.213.0/24"];

/** A network: its first address and its mask, as numbers of 32 bits. */
export type Range = { readonly first: number; readonly mask: number };

/**
 * The network of the instances, such as `10.213.0.0/16`: what the bridge has already, else `INGOT_SUBNET`, else the first candidate that no route of this host
 * overlaps. Throws `network-no-subnet`, or `usage` for an `INGOT_SUBNET` that is not one.
 */
export function chooseSubnet(ctx: Pick<Context, "env">): string {
  const existing = bridgeSubnet();
  const wanted = ctx.env.INGOT_SUBNET;
  if (wanted !== undefined && parseRange(wanted) === undefined) throw notASubnet(wanted);
  if (existing !== undefined && (wanted === undefined || wanted === existing)) return existing;
  const routes = readRoutes();
  const free = (wanted === undefined ? candidates : [wanted]).find((subnet) => isFree(subnet, routes));
  if (free === undefined) throw noSubnet(wanted);
  return free;
}

export function isFree(subnet: string, routes: readonly Range[]): boolean {
  const range = parseRange(subnet);
  return range !== undefined && !routes.some((route) => overlaps(route, range));
}

/** Whether an address, such as `10.213.0.2`, is one of a network; false for what is no address. */
export function isInRange(address: string, subnet: string): boolean {
  const [one, range] = [parseRange(`${address}/29`), parseRange(subnet)];
  return one !== undefined && range !== undefined && overlaps(one, range);
}

/** The routes of /proc/net/route, but for the default route and the bridge's own. */
function readRoutes(): Range[] {
  const lines = readFileSync("/proc/net/route", "utf8").trimEnd().split("\n").slice(1);
  return lines
    .map((line) => line.split("\t"))
    .flatMap(([device, destination, , , , , , mask]) => {
      const range = { first: fromHex(destination), mask: fromHex(mask) };
      return range.mask === 0 || device === bridgeName ? [] : [range];
    });
}

function bridgeSubnet(): string | undefined {
  const cidr = bridgeAddress();
  const range = cidr === undefined ? undefined : parseRange(cidr);
  return range === undefined ? undefined : `${formatAddress(range.first)}/${cidr?.split("/")[1]}`;
}

/** The bridge's own address with its network's bits, `10.213.0.1/16`; undefined while there is no bridge that is up. */
export function bridgeAddress(): string | undefined {
  const number = interfaceNumber(bridgeName);
  if (number === undefined || number !== known.number) {
    const cidr = networkInterfaces()[bridgeName]?.find((address) => address.family === "IPv4")?.cidr ?? undefined;
    known = cidr === undefined ? {} : { number, cidr };
  }
  return known.cidr;
}

/** Of the bridge with that number, which no other gets: to list all interfaces of the host takes a millisecond with fifty instances. */
let known: { readonly number?: string | undefined; readonly cidr?: string } = {};

function interfaceNumber(name: string): string | undefined {
  try {
    return readFileSync(`/sys/class/net/${name}/ifindex`, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

export function parseRange(text: string): Range | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number);
  // Below /29 there is no room for the bridge and two instances; above /8 is not private anywhere.
  if ([a, b, c, d].some((byte) => byte > 255) || bits < 8 || bits > 29) return undefined;
  const mask = (0xffffffff << (32 - bits)) >>> 0;
  return { first: (((a << 24) | (b << 16) | (c << 8) | d) & mask) >>> 0, mask };
}

function overlaps(a: Range, b: Range): boolean {
  const wider = (a.mask & b.mask) >>> 0;
  return (a.first & wider) >>> 0 === (b.first & wider) >>> 0;
}

/** /proc/net/route writes addresses as the machine's own 32-bit words: little-endian on every machine that Ingot supports. */
function fromHex(text: string | undefined): number {
  return Buffer.from(text ?? "", "hex").readUInt32LE(0);
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}

function notASubnet(wanted: string): IngotError {
  return new IngotError(
    "usage",
    `INGOT_SUBNET is ${JSON.stringify(wanted)}, expected an IPv4 network such as 10.213.0.0/16`,
  );
}

function noSubnet(wanted: string | undefined): IngotError {
  const what = wanted ?? candidates.join(", ");
  return new IngotError(
    "network-no-subnet",
    `no free network for instances: ${what} overlaps with routes of this host`,
    {
      hint: "set INGOT_SUBNET to a private network that `ip route` does not show",
    },
  );
}
