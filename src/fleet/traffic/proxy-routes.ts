import { plainAddress, plainPort } from "./plain-value.ts";
import type { WantedTraffic } from "./traffic.ts";

/** A connection on which nothing is said for so long is closed. */
export const tunnelTimeout = 3_600_000;

export function defaultsLines({ listen, hold }: WantedTraffic): string[] {
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

/** `waiting`: how that frontend listens. */
export function httpRoute({ wanted, held }: Parts, waiting: string): string[] {
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
    `  http-request deny deny_status 503 if { fe_conn gt ${held} }`,
    "  http-request lua.hold_request",
    "  http-request deny deny_status 503 if { var(txn.is_over) -m bool }",
    ...toServers,
  ];
}

export function tcpRoute({ wanted, held }: Parts, waiting: string): string[] {
  return [
    "frontend entry",
    `  bind ${bindAddress(wanted)}`,
    "  default_backend servers",
    "frontend waiting",
    `  ${waiting}`,
    // Only a rule that may be looked at later again may wait; its own end comes first.
    `  tcp-request inspect-delay ${wanted.hold + 10_000}ms`,
    `  tcp-request content set-var(txn.hold) int(${wanted.hold})`,
    `  tcp-request content reject if { fe_conn gt ${held} }`,
    "  tcp-request content lua.hold_connection",
    "  tcp-request content reject if { var(txn.is_over) -m bool }",
    "  default_backend servers",
  ];
}

type Parts = { readonly wanted: WantedTraffic; readonly held: number };

function bindAddress({ listen }: WantedTraffic): string {
  return `${plainAddress(listen.host)}:${plainPort(listen.port)}`;
}
