import { once } from "node:events";
import { createServer } from "node:net";
import { IngotError } from "../../ground/error.ts";
import { urlHost } from "../../ground/listen-address.ts";
import { findListener } from "./find-listener.ts";
import type { WantedTraffic } from "./traffic.ts";

/** Why a HAProxy ended at its start: found by trying what it tries, since what it prints is for people. `log` is told as it is. */
export async function explainStart({ listen }: WantedTraffic, log: readonly string[]): Promise<IngotError> {
  const place = `${urlHost(listen.host)}:${listen.port}`;
  const why = await tryToListen(listen.host, listen.port);
  if (why === "EADDRINUSE") {
    const holder = findListener(listen);
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
