import { isIP } from "node:net";
import type { KeptTraffic } from "./kept-traffic.ts";
import { backendNames } from "./proxy-config.ts";
import type { SeenServer } from "./read-proxy.ts";

/**
 * The commands that bring a running HAProxy's servers to what is wanted; none where they are so already. Those that get requests come first, those that shall get no more
 * then, and those that shall have none under way last: at no moment between two of them are there fewer that serve than before or after.
 */
export function planMoves(kept: KeptTraffic, seen: readonly SeenServer[]): readonly string[] {
  const wanted = new Map(kept.wanted.servers.map((server) => [kept.slots.get(server.id), server]));
  const [admit, drain, cut]: [string[], string[], string[]] = [[], [], []];
  for (const one of seen) {
    const name = `${one.backend}/s${one.place}`;
    const server = wanted.get(one.place);
    const status = server?.status ?? "out";
    if (server !== undefined && !isAt(one, server))
      admit.push(`set server ${name} addr ${server.address} port ${server.port}`);
    if (status === one.status) continue;
    // A server with a check that comes from maintenance would be down until that succeeded: somebody has found it healthy already.
    if (status === "in") admit.push(`set server ${name} health up`, `set server ${name} state ready`);
    else if (status === "draining") drain.push(`set server ${name} state drain`);
    else cut.push(`set server ${name} state maint`, ...(one.status === "draining" ? [cutCommand(one)] : []));
  }
  return [...admit, ...drain, ...cut];
}

/** Ends whatever is under way with a server. */
export function cutCommand({ backend, place }: SeenServer): string {
  return `shutdown sessions server ${backend}/s${place}`;
}

/**
 * The servers that go out of traffic without having been drained. A request that found one dead belongs to it until it is tried with another, up to half a second later: cutting at once would lose those.
 */
export function planLaterCuts(kept: KeptTraffic, seen: readonly SeenServer[]): readonly SeenServer[] {
  const status = new Map(kept.wanted.servers.map((server) => [kept.slots.get(server.id), server.status]));
  return seen.filter((one) => one.status === "in" && (status.get(one.place) ?? "out") === "out");
}

/** Instances' places where something may be under way, or of which HAProxy does not yet know that they are free. */
export function busyPlaces(seen: readonly SeenServer[]): ReadonlySet<number> {
  return new Set(seen.filter(({ status }) => status !== "out").map(({ place }) => place));
}

/** HAProxy writes an IPv6 address in its shortest form; so does a URL. */
export function isAt(seen: SeenServer, server: { readonly address: string; readonly port: number }): boolean {
  return seen.port === server.port && shortest(seen.address) === shortest(server.address);
}

function shortest(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname : address;
}

/** Whether HAProxy has all the places that it is thought to have. */
export function hasAllPlaces(kept: KeptTraffic, seen: readonly SeenServer[]): boolean {
  return seen.length === kept.size * backendNames(kept.wanted).length;
}
