import { createHash } from "node:crypto";
import type { KeptTraffic } from "./kept-traffic.ts";
import { plainAddress, plainPath, plainPort } from "./plain-value.ts";
import { defaultsLines, httpRoute, tcpRoute, tunnelTimeout } from "./proxy-routes.ts";
import type { TrafficPaths } from "./traffic-paths.ts";
import type { WantedTraffic } from "./traffic.ts";

/** What of the host a proxy is made for. */
export type ProxyHost = {
  /** Whom it runs as once it listens; absent: as whoever starts it. */
  readonly user?: { readonly name: string; readonly group: string };
  readonly threads: number;
  /** Connections of clients. */
  readonly connections: number;
  /** Requests that may wait at once while no server is there. */
  readonly held: number;
};

export type ProxyConfig = {
  /** Of all that HAProxy cannot change while it runs; told by a process as its description. */
  readonly shape: string;
  readonly text: (generation: number) => string;
};

/**
 * What HAProxy 2.6 is started with (its Configuration Manual 2.6). Servers that are in traffic are in it as well: whoever starts it again has a proxy that begins right.
 *
 * entry → servers (requests that may be repeated: connections to servers are kept and shared) or once (all others: each has a fresh connection, since one that was kept may be closed by its server at
 * the very moment it is used, and nobody may send those twice) → where no server takes it: waiting, which holds it and lets it go to the same two again.
 */
export function proxyConfig(kept: KeptTraffic, paths: TrafficPaths, host: ProxyHost): ProxyConfig {
  const { wanted } = kept;
  const parts = { wanted, held: host.held };
  const fixed = (generation: number): string[] => {
    const route = wanted.listen.mode === "http" ? httpRoute : tcpRoute;
    return [...defaultsLines(wanted), ...route(parts, waitingBind(paths.waiting(generation), host))];
  };
  const shape = createHash("sha256")
    .update(JSON.stringify([fixed(0), backendNames(wanted).map((name) => backendLines(name, wanted)), kept.size, host]))
    .digest("hex")
    .slice(0, 16);
  // Made now, so that what cannot be is refused before anything is kept or started.
  const servers = backendNames(wanted).flatMap((name) => [
    ...backendLines(name, wanted),
    ...serverLines(kept),
    // Reached within what HAProxy sees as its root: no other user of the host can stand in its place.
    `  server waiting unix@${host.user === undefined ? paths.waitingLink : "/waiting.sock"} backup no-check`,
  ]);
  const text = (generation: number): string =>
    [
      "# Written by Ingot, from what the controller wants; changes are overwritten.",
      ...globalLines(paths, host, { generation, shape }),
      ...fixed(generation),
      ...servers,
      ...seenLines(kept.size),
      "",
    ].join("\n");
  return { shape, text };
}

/** The backends that have servers. */
export function backendNames(wanted: WantedTraffic): readonly string[] {
  return wanted.listen.mode === "http" ? ["servers", "once"] : ["servers"];
}

function globalLines(
  paths: TrafficPaths,
  host: ProxyHost,
  { generation, shape }: { generation: number; shape: string },
): string[] {
  const { user } = host;
  return [
    "global",
    `  stats socket ${paths.admin(generation)} mode 600 level admin expose-fd listeners`,
    `  description ${shape}`,
    ...(user === undefined ? [] : [`  user ${user.name}`, `  group ${user.group}`, `  chroot ${paths.root}`]),
    `  maxconn ${host.connections}`,
    `  nbthread ${host.threads}`,
    // Two programs that share a port would each get half of the connections, and nobody would be told.
    "  noreuseport",
    `  hard-stop-after ${tunnelTimeout}ms`,
    `  lua-load-per-thread ${paths.hold}`,
  ];
}

function waitingBind(path: string, { user }: ProxyHost): string {
  return `bind unix@${path} mode 600${user === undefined ? "" : ` user ${user.name}`}`;
}

function backendLines(name: string, wanted: WantedTraffic): string[] {
  return [
    `backend ${name}`,
    ...(name === "once" ? onceLines : []),
    ...checkLines(wanted),
    // Three connections in a row that fail: it is down until its own check succeeds, whatever that one said before.
    `  default-server check inter ${checkInterval(wanted)}ms fastinter 250ms downinter 500ms fall 3 rise 1 observe layer4 error-limit 3 on-error mark-down pool-purge-delay 2s`,
  ];
}

const onceLines = [
  "  option http-server-close",
  "  http-reuse never",
  // RFC 9110, 9.2.2: nothing else may be sent twice.
  "  http-request disable-l7-retry unless { method PUT DELETE TRACE }",
];

/** Every server is checked for each backend: twice as seldom, then. */
function checkInterval({ check }: WantedTraffic): number {
  return Math.min(Math.max(2 * (check?.interval ?? 1000), 1000), 30_000);
}

function checkLines({ check }: WantedTraffic): string[] {
  if (check === undefined) return [];
  return [
    "  option httpchk",
    `  http-check send meth GET uri ${plainPath(check.path)} ver HTTP/1.1 hdr Host localhost hdr Connection close`,
    "  http-check expect status 200-399",
  ];
}

function serverLines({ wanted, slots, size }: KeptTraffic): string[] {
  const byPlace = new Map(wanted.servers.map((server) => [slots.get(server.id), server]));
  return Array.from({ length: size }, (_, index) => {
    const server = byPlace.get(index + 1);
    if (server === undefined) return `  server s${index + 1} 0.0.0.0:1 disabled`;
    const address = `${plainAddress(server.address)}:${plainPort(server.port)}`;
    return `  server s${index + 1} ${address}${server.status === "in" ? "" : " disabled"}`;
  });
}

/** Servers that take requests now, without the one that stands in when there is none: that HAProxy would count it too is why this exists. */
function seenLines(size: number): string[] {
  return [
    "backend seen",
    ...Array.from({ length: size }, (_, index) => `  server s${index + 1} 0.0.0.0:1 track servers/s${index + 1}`),
  ];
}
