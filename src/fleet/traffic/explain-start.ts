import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer, isIP } from "node:net";
import { IngotError } from "../../ground/error.ts";
import { urlHost } from "../../ground/listen-address.ts";
import type { WantedTraffic } from "./traffic.ts";

/** Why a HAProxy ended at its start: found by trying what it tries, since what it prints is for people. `log` is told as it is. */
export async function explainStart({ listen }: WantedTraffic, log: readonly string[]): Promise<IngotError> {
  const place = `${urlHost(listen.host)}:${listen.port}`;
  const why = await tryToListen(listen.host, listen.port);
  if (why === "EADDRINUSE") {
    const holder = findListener(listen.host, listen.port);
    return new IngotError(
      "listen-failed",
      `cannot listen on ${place}: ${holder ?? "another program"} does so already`,
      {
        hint: "end that program, or give the service another address in `listen`",
      },
    );
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

/** `nginx (process 12)`; undefined where no process of this view of the host has it. Its name is the kernel's, and may be any bytes. */
function findListener(host: string, port: number): string | undefined {
  const inodes = new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"].flatMap(
      (table) =>
        read(() =>
          readFileSync(table, "utf8")
            .split("\n")
            .slice(1)
            .flatMap((line) => inodeOf(line, port)),
        ) ?? [],
    ),
  );
  if (inodes.size === 0 || isIP(host) === 0) return undefined;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const files = read(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
    if (!files.some((file) => inodes.has(read(() => readlinkSync(`/proc/${pid}/fd/${file}`)) ?? ""))) continue;
    const name = read(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim()) ?? "a program";
    return `${name.replaceAll(/[^\x20-\x7e]/g, "?")} (process ${pid})`;
  }
  return undefined;
}

/** proc_net(5): the second field is address and port in hexadecimal, the fourth the state (0A: listening), the tenth the socket's number. */
function inodeOf(line: string, port: number): string[] {
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
