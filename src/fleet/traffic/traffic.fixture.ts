import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { freePort } from "../../../test/support/daemon.ts";
import { openTrafficServer, startTrafficServer, type TrafficServer } from "../../../test/support/traffic-server.ts";
import { runtimePaths } from "../../runtime/paths.ts";
import { isInstanceId, type InstanceId } from "../../runtime/runtime.ts";
import { haproxyTraffic, type TrafficOptions } from "./haproxy-traffic.ts";
import { trafficPaths, type TrafficPaths } from "./traffic-paths.ts";
import type { SeenTraffic, Traffic, WantedTraffic } from "./traffic.ts";

const hasHaproxy = spawnSync("haproxy", ["-v"]).status === 0;

export const skipWithoutHaproxy = { skip: hasHaproxy ? false : "needs haproxy: not installed" };

export type WantedServer = WantedTraffic["servers"][number];

/** A real server behind the proxy. */
export type TestServer = TrafficServer & {
  readonly name: string;
  readonly as: (status: WantedServer["status"]) => WantedServer;
};

/** A service `web` in a home of its own, and all that it needs. */
export type TestProxy = {
  readonly home: string;
  readonly key: { readonly environment: string; readonly service: string };
  readonly paths: TrafficPaths;
  readonly traffic: Traffic;
  readonly port: number;
  readonly url: string;
  readonly wanted: (servers: readonly WantedServer[], options?: Partial<WantedTraffic>) => WantedTraffic;
  readonly apply: (servers: readonly WantedServer[], options?: Partial<WantedTraffic>) => Promise<void>;
  readonly look: () => Promise<SeenTraffic>;
  readonly sessions: (server: TestServer) => Promise<number>;
  /** The living processes of this proxy. */
  readonly pids: () => readonly number[];
  readonly server: (name: string, port?: number) => Promise<TestServer>;
  /** A server that is a process, to be killed. */
  readonly process: (name: string) => Promise<TestServer>;
};

export async function openProxy(t: TestContext, options: TrafficOptions = {}): Promise<TestProxy> {
  const home = mkdtempSync(join(tmpdir(), "ingot-traffic-"));
  const key = { environment: "testing", service: "web" };
  const traffic = haproxyTraffic({ home }, options);
  const port = await freePort();
  const paths = trafficPaths(home, key);
  const wanted: TestProxy["wanted"] = (servers, changes = {}) => ({
    listen: { host: "127.0.0.1", port, mode: "http" },
    hold: 2000,
    servers,
    ...changes,
  });
  const look = async (): Promise<SeenTraffic> => {
    const seen = await traffic.look(key);
    assert.ok(seen);
    return seen;
  };
  t.after(async () => {
    await traffic.remove(key, { drain: 0 });
    assert.deepEqual(processesOf(paths), [], "processes that are left");
    assert.ok(!existsSync(paths.folder) && !existsSync(paths.kept), "files that are left");
    rmSync(runtimePaths(home).run, { recursive: true, force: true });
    rmSync(home, { recursive: true, force: true });
  });
  const testServer = (name: string, started: TrafficServer): TestServer => {
    t.after(started.kill);
    const as: TestServer["as"] = (status) => ({ id: idOf(name), address: "127.0.0.1", port: started.port, status });
    return { ...started, name, as };
  };
  return {
    home,
    key,
    paths,
    traffic,
    port,
    url: `http://127.0.0.1:${port}`,
    wanted,
    apply: async (servers, changes) => traffic.apply(key, wanted(servers, changes)),
    look,
    sessions: async ({ name }) => (await look()).servers.find((one) => one.id === name)?.sessions ?? 0,
    pids: () => processesOf(paths),
    server: async (name, at) => testServer(name, await openTrafficServer(name, at)),
    process: async (name) => testServer(name, await startTrafficServer(name)),
  };
}

export function idOf(name: string): InstanceId {
  assert.ok(isInstanceId(name));
  return name;
}

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, "in vain");
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

/** Those that were started from the configuration of this proxy, and no other's. */
function processesOf(paths: TrafficPaths): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && commandOf(name).includes(paths.config))
    .map(Number);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}
