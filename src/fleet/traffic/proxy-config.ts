import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { IngotError } from "../../ground/error.ts";
import { urlHost } from "../../ground/listen-address.ts";
import type { KeptTraffic } from "./kept-traffic.ts";
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
  const parts = { wanted, host };
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

type Parts = { readonly wanted: WantedTraffic; readonly host: ProxyHost };

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

/** A connection on which nothing is said for so long is closed. */
const tunnelTimeout = 3_600_000;

function defaultsLines({ listen, hold }: WantedTraffic): string[] {
  const http = [
    // Slowloris: so long may the head of a request take.
    "  timeout http-request 10s",
    "  timeout http-keep-alive 75s",
    // A process that gives its place to another ends a kept connection with the answer to its next request, not under the feet of one on its way.
    "  option idle-close-on-response",
    "  retry-on conn-failure empty-response",
    '  http-error status 503 content-type text/plain string "no instance is there to answer\\n" hdr Retry-After 1',
  ];
  return [
    "defaults",
    `  mode ${listen.mode}`,
    "  timeout connect 500ms",
    `  timeout client ${Math.max(60_000, hold + 10_000)}ms`,
    `  timeout server ${Math.max(300_000, hold + 10_000)}ms`,
    "  timeout queue 30s",
    `  timeout tunnel ${tunnelTimeout}ms`,
    "  timeout check 5s",
    "  option redispatch 1",
    // More than the errors at which a server counts as down: the last try of a request that met none but a dead one goes to `waiting`.
    "  retries 6",
    // With leastconn a dead server, which has no connections, would draw every request until it counts as down, and each would wait before it is tried again.
    "  balance roundrobin",
    ...(listen.mode === "http" ? http : []),
  ];
}

function httpRoute({ wanted, host }: Parts, waiting: string): string[] {
  const toServers = ["  use_backend once unless { method GET HEAD OPTIONS }", "  default_backend servers"];
  return [
    "frontend entry",
    `  bind ${bindAddress(wanted)} proto h1`,
    "  http-request del-header X-Ingot-Held-Until",
    // A client may not say who it is; another proxy on this host may.
    "  http-request set-header X-Forwarded-For %[src] unless { src 127.0.0.0/8 ::1 }",
    "  http-request add-header X-Forwarded-For %[src] if { src 127.0.0.0/8 ::1 }",
    "  http-request set-header X-Forwarded-Proto http unless { src 127.0.0.0/8 ::1 }",
    ...toServers,
    "frontend waiting",
    `  ${waiting}`,
    // A kept connection between the two could be closed at the moment it is used.
    "  option httpclose",
    `  http-request set-var(txn.hold) int(${wanted.hold})`,
    `  http-request deny deny_status 503 if { fe_conn gt ${host.held} }`,
    "  http-request lua.hold_request",
    "  http-request deny deny_status 503 if { var(txn.is_over) -m bool }",
    ...toServers,
  ];
}

function tcpRoute({ wanted, host }: Parts, waiting: string): string[] {
  return [
    "frontend entry",
    `  bind ${bindAddress(wanted)}`,
    "  default_backend servers",
    "frontend waiting",
    `  ${waiting}`,
    // Only a rule that may be looked at later again may wait; its own end comes first.
    `  tcp-request inspect-delay ${wanted.hold + 10_000}ms`,
    `  tcp-request content set-var(txn.hold) int(${wanted.hold})`,
    `  tcp-request content reject if { fe_conn gt ${host.held} }`,
    "  tcp-request content lua.hold_connection",
    "  tcp-request content reject if { var(txn.is_over) -m bool }",
    "  default_backend servers",
  ];
}

function waitingBind(path: string, { user }: ProxyHost): string {
  return `bind unix@${path} mode 600${user === undefined ? "" : ` user ${user.name}`}`;
}

function bindAddress({ listen }: WantedTraffic): string {
  return `${plainAddress(listen.host)}:${plainPort(listen.port)}`;
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
  // A path is given to HAProxy as one word; a quote, a blank or the end of a line could say more.
  if (!/^\/[\x21-\x26\x28-\x7e]*$/.test(check.path))
    throw refuse(`${JSON.stringify(check.path)} is no path to check`, "expected / and printable ASCII without '");
  return [
    "  option httpchk",
    `  http-check send meth GET uri '${check.path}' ver HTTP/1.1 hdr Host localhost hdr Connection close`,
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

function plainAddress(address: string): string {
  if (isIP(address) === 0)
    throw refuse(`${JSON.stringify(address)} is not an IP address`, "give an address, not a name");
  return urlHost(address);
}

function plainPort(port: number): number {
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw refuse(`${port} is not a port`, "expected a number from 1 to 65535");
}

function refuse(message: string, hint: string): IngotError {
  return new IngotError("proxy-failed", message, { hint });
}
