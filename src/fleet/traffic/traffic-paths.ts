import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { IngotError } from "../../ground/error.ts";
import { makeFolders } from "../../ground/make-folders.ts";
import { runtimePaths } from "../../runtime/paths.ts";
import type { ServiceKey } from "../fleet.ts";

/**
 * Where the proxy of a service keeps what. Durable is only what is wanted, below `$INGOT_HOME/traffic`; all that a running HAProxy needs is below
 * `/run/ingot/HOME/traffic`, in a folder of a short name: the path of a socket may have 107 bytes, and HAProxy adds some of its own.
 */
export type TrafficPaths = ReturnType<typeof trafficPaths>;

export function keptFolder(home: string): string {
  return join(home, "traffic");
}

/** Throws `proxy-failed` for a name that is no part of a path. */
export function trafficPaths(home: string, { environment, service }: ServiceKey) {
  for (const name of [environment, service]) assertPlainName(name);
  const short = createHash("sha256").update(`${environment}/${service}`).digest("hex").slice(0, 12);
  const run = join(runtimePaths(home).run, "traffic");
  const folder = join(run, short);
  return {
    kept: join(keptFolder(home), environment, `${service}.json`),
    run,
    folder,
    /** All that HAProxy sees of the host once it serves. */
    root: join(folder, "root"),
    /** Where requests wait that no server takes: of one process, and a link to that of the newest, which its forerunners use as well. */
    waiting: (generation: number) => join(folder, "root", `waiting-${generation}.sock`),
    waitingLink: join(folder, "root", "waiting.sock"),
    config: join(folder, "haproxy.cfg"),
    hold: join(folder, "hold.lua"),
    log: join(folder, "haproxy.log"),
    processes: join(folder, "processes.json"),
    /** Each process has its own: one that takes over its forerunner's listeners would otherwise share that one's socket with it. */
    admin: (generation: number) => join(folder, `admin-${generation}.sock`),
  } as const;
}

/** The sockets in there command HAProxy: nobody else passes. */
export function makePrivateFolder(path: string): void {
  makeFolders(dirname(path));
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

function assertPlainName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name)) return;
  throw new IngotError("proxy-failed", `${JSON.stringify(name)} is not the name of a service or an environment`, {
    hint: "expected lower-case letters, digits, dots and dashes",
  });
}
