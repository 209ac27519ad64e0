import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { jsonOrUndefined } from "../../ground/json-or-undefined.ts";
import { isInstanceId } from "../../runtime/runtime.ts";
import type { ServiceKey } from "../fleet.ts";
import type { Slots } from "./slots.ts";
import { keptFolder } from "./traffic-paths.ts";
import type { WantedTraffic } from "./traffic.ts";

/** What was last wanted of a proxy, with the places of its servers: written before HAProxy is told, so that whoever is killed in between goes on from there. */
export type KeptTraffic = {
  readonly key: ServiceKey;
  readonly wanted: WantedTraffic;
  readonly slots: Slots;
  /** How many places there are. */
  readonly size: number;
};

const instanceId = z.string().refine(isInstanceId);
const status = z.enum(["in", "draining", "out"]);
const server = z.object({ id: instanceId, address: z.string(), port: z.number(), status, slot: z.number() });
const file = z.object({
  key: z.object({ environment: z.string(), service: z.string() }),
  listen: z.object({ host: z.string(), port: z.number(), mode: z.enum(["http", "tcp"]) }),
  hold: z.number(),
  check: z.object({ path: z.string(), interval: z.number() }).nullable(),
  size: z.number(),
  servers: z.array(server),
});

/** Undefined: there is none. Throws `proxy-failed` for a file that is not one of ours. */
export function readKept(path: string): KeptTraffic | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const parsed = file.safeParse(jsonOrUndefined(text));
  if (!parsed.success) {
    throw new IngotError("proxy-failed", `${path} does not say what a proxy is to be`, {
      hint: `remove ${path}; the controller writes it anew`,
      cause: parsed.error,
    });
  }
  const { key, listen, hold, check, size, servers } = parsed.data;
  return {
    key,
    wanted: {
      listen,
      hold,
      ...(check === null ? {} : { check }),
      servers: servers.map(({ slot: _, ...rest }) => rest),
    },
    slots: new Map(servers.map(({ id, slot }) => [id, slot])),
    size,
  };
}

export function writeKept(path: string, { key, wanted, slots, size }: KeptTraffic): void {
  const { listen, hold, check = null } = wanted;
  const servers = wanted.servers.map((one) => ({ ...one, slot: slots.get(one.id) }));
  writeFileAtomic(path, `${JSON.stringify({ key, listen, hold, check, size, servers })}\n`, { mode: 0o600 });
}

/** The files of a home, of all services. */
export function listKept(home: string): readonly string[] {
  const top = keptFolder(home);
  return listFolder(top)
    .flatMap((environment) => listFolder(join(top, environment)).map((name) => join(top, environment, name)))
    .filter((path) => path.endsWith(".json"));
}

function listFolder(path: string): readonly string[] {
  try {
    return readdirSync(path).toSorted();
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return [];
    throw error;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
