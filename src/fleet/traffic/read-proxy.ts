import type { InstanceTraffic } from "../fleet.ts";
import { tellProxy } from "./runtime-api.ts";

/** A place for a server, as HAProxy has it. */
export type SeenServer = {
  readonly backend: string;
  readonly place: number;
  readonly address: string;
  readonly port: number;
  readonly status: InstanceTraffic["status"];
};

/** Undefined: it is gone. */
export async function readServers(
  socket: string,
  backends: readonly string[],
): Promise<readonly SeenServer[] | undefined> {
  const servers: SeenServer[] = [];
  for (const backend of backends) {
    const answer = await tellProxy(socket, [`show servers state ${backend}`]);
    if (answer === undefined) return undefined;
    servers.push(...parseServers(answer));
  }
  return servers;
}

/** A version, a line of names after `#`, then a line a server (Management Guide 2.6, `show servers state`). */
export function parseServers(answer: string): readonly SeenServer[] {
  const [, names = "", ...lines] = answer.split("\n");
  const columns = names.replace(/^# /, "").split(" ");
  return lines.flatMap((line) => {
    const fields = line.split(" ");
    const field = (name: string): string => fields[columns.indexOf(name)] ?? "";
    const place = /^s(\d+)$/.exec(field("srv_name"))?.[1];
    if (place === undefined) return [];
    return {
      backend: field("be_name"),
      place: Number(place),
      address: field("srv_addr"),
      port: Number(field("srv_port")),
      status: adminStatus(Number(field("srv_admin_state"))),
    };
  });
}

/** Bits of `srv_admin_state`: 0x04, maintenance by the configuration, only says how it began. */
function adminStatus(state: number): InstanceTraffic["status"] {
  if ((state & 0x23) !== 0) return "out";
  return (state & 0x18) !== 0 ? "draining" : "in";
}

export type ProxyStatistics = {
  /** Requests and connections under way, by place. */
  readonly sessions: ReadonlyMap<number, number>;
  readonly counters: { readonly requests: number; readonly failed: number; readonly held: number };
};

/** Undefined: it is gone. */
export async function readStatistics(
  socket: string,
  backends: readonly string[],
): Promise<ProxyStatistics | undefined> {
  const rows: Row[] = [];
  for (const [name, kinds] of [["entry", 1], ["waiting", 1], ...backends.map((one) => [one, 4] as const)] as const) {
    const answer = await tellProxy(socket, [`show stat ${name} ${kinds} -1`]);
    if (answer === undefined) return undefined;
    rows.push(...parseRows(answer));
  }
  return summarize(rows);
}

type Row = (name: string) => string;

function parseRows(answer: string): readonly Row[] {
  const [names = "", ...lines] = answer.split("\n");
  const columns = names.replace(/^# /, "").split(",");
  return lines.filter(Boolean).map((line) => {
    const fields = line.split(",");
    return (name) => fields[columns.indexOf(name)] ?? "";
  });
}

function summarize(rows: readonly Row[]): ProxyStatistics {
  const sessions = new Map<number, number>();
  let failed = 0;
  let requests = 0;
  let held = 0;
  for (const row of rows) {
    const place = /^s(\d+)$/.exec(row("svname"))?.[1];
    const isHttp = row("mode") === "http";
    if (place !== undefined) {
      sessions.set(Number(place), (sessions.get(Number(place)) ?? 0) + Number(row("scur")));
      // What servers answered themselves is not the proxy's failure; in TCP mode there are only connections that could not be made.
      failed += isHttp ? -Number(row("hrsp_5xx")) : Number(row("econ"));
    } else if (row("pxname") === "entry") {
      requests = Number(row(isHttp ? "req_tot" : "stot"));
      if (isHttp) failed += Number(row("hrsp_5xx"));
    } else if (row("pxname") === "waiting") held = Number(row(isHttp ? "req_tot" : "stot"));
  }
  return { sessions, counters: { requests, failed: Math.max(0, failed), held } };
}
