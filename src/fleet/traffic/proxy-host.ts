import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { ProxyHost } from "./proxy-config.ts";

/** What HAProxy may use of this host. `held`: how many requests may wait at once while no server is there. */
export function readProxyHost(options: { held: number; places: number }): ProxyHost {
  const user = process.getuid?.() === 0 ? findUser() : undefined;
  return {
    ...(user === undefined ? {} : { user }),
    threads: Math.min(4, availableParallelism()),
    connections: countConnections(options.places),
    held: options.held,
  };
}

/** Debian's package makes the user haproxy; `nobody` is everywhere. */
function findUser(): { name: string; group: string } | undefined {
  const names = ["haproxy", "nobody"];
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const groups = readFileSync("/etc/group", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const name of names) {
    const user = users.find(([given]) => given === name);
    const group = groups.find(([, , id]) => id === user?.[3])?.[0];
    if (user !== undefined && group !== undefined) return { name, group };
  }
  return undefined;
}

/** A connection needs two files, a held one four, and each place one for its check; HAProxy does not start where the limit is too low for what it is told. */
function countConnections(places: number): number {
  const limit = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  const files = limit === undefined || limit === "unlimited" ? 1_000_000 : Number(limit);
  return Math.max(64, Math.min(20_000, Math.floor((files - 300 - 2 * places) / 2)));
}
