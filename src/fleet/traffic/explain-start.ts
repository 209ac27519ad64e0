import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { IngotError } from "../../ground/error.ts";
import { urlHost } from "../../ground/listen-address.ts";
import type { WantedTraffic } from "./traffic.ts";

/** Why a HAProxy ended at its start: found by trying what it tries, since what it prints is for people. `log` is told as it is. */
export async function explainStart({ listen }: WantedTraffic, log: readonly string[]): Promise<IngotError> {
  const place = `${urlHost(listen.host)}:${listen.port}`;
  const why = await tryToListen(listen.host, listen.port);
  if (why === "EADDRINUSE") {
    const holder = findListener(listen.port);
    const who = holder === undefined ? "another program" : `${holder.name} (process ${holder.pid})`;
    return new IngotError("listen-failed", `cannot listen on ${place}: ${who} does so already`, {
      hint: "end that program, or give the service another address in `listen`",
    });
  }
  if (why !== undefined) {
    const what = why === "EADDRNOTAVAIL" ? "this host has no such address" : `the system says ${why}`;
    return new IngotError("listen-failed", `cannot listen on ${place}: ${what}`, {
      hint: "give the service an address of this host in `listen`",
    });
  }
  return new IngotError("proxy-failed", "HAProxy ended at its start", { details: log });
}

async function tryToListen(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "an unknown error";
  } finally {
    server.close();
  }
}

/** Who listens at a port, at any address; undefined where no process of this view of the host does. The name is the kernel's, and a program may call itself anything. */
export function findListener(port: number): { readonly pid: number; readonly name: string } | undefined {
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap(
    (table) => read(() => readFileSync(table, "utf8"))?.split("\n") ?? [],
  );
  const sockets = new Set(lines.flatMap((line) => socketOf(line, port)));
  if (sockets.size === 0) return undefined;
  const pid = readdirSync("/proc").find((name) => /^\d+$/.test(name) && hasOpen(name, sockets));
  if (pid === undefined) return undefined;
  const name = read(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim()) ?? "a program";
  return { pid: Number(pid), name: name.replaceAll(/[^\x20-\x7e]/g, "?") };
}

function hasOpen(pid: string, sockets: ReadonlySet<string>): boolean {
  const files = read(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return files.some((file) => sockets.has(read(() => readlinkSync(`/proc/${pid}/fd/${file}`)) ?? ""));
}

/** proc_net(5): the second field is address and port in hexadecimal, the fourth the state (0A: listening), the tenth the socket's number. */
function socketOf(line: string, port: number): string[] {
  const fields = line.trim().split(/\s+/);
  const isIt = fields[3] === "0A" && Number.parseInt(fields[1]?.split(":")[1] ?? "", 16) === port;
  return isIt ? [`socket:[${fields[9]}]`] : [];
}

/** Undefined for a process that ends while it is looked at. */
function read<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    // Only for the sentence of an error that is told anyway.
    return undefined;
  }
}
