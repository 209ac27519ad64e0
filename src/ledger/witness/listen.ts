import { createServer as createPlainServer, type RequestListener, type Server } from "node:http";
import { once } from "node:events";
import { IngotError } from "../../ground/error.ts";

/** Where a witness listens. Without `tls` (PEM texts) only at a loopback address. */
export type Listen = {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly tls?: { readonly certificate: string; readonly key: string };
};

/** Opens a server with bounds on what a stranger may hold open. Throws `tls-required` for plain HTTP beyond loopback, `listen-failed` where it cannot listen. */
export async function listenAt(listen: Listen, answer: RequestListener): Promise<{ server: Server; url: string }> {
  if (listen.tls === undefined && !isLoopback(listen.host)) throw notLoopback(listen.host);
  const server = await makeServer(listen, answer);
  // Attack: connections that say nothing, or say it one byte a minute.
  server.headersTimeout = 5000;
  server.requestTimeout = 10_000;
  server.maxConnections = 256;
  server.listen(listen.port, listen.host);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new IngotError("listen-failed", `cannot listen at ${listen.host}:${listen.port}`, {
      hint: "is another process listening there? Choose another with --listen",
      cause,
    });
  }
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : listen.port;
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  return { server, url: `${listen.tls === undefined ? "http" : "https"}://${host}:${port}` };
}

async function makeServer({ tls }: Listen, answer: RequestListener): Promise<Server> {
  if (tls === undefined) return createPlainServer(answer);
  const { createServer } = await import("node:https");
  return createServer({ cert: tls.certificate, key: tls.key, minVersion: "TLSv1.2" }, answer);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function notLoopback(host: string): IngotError {
  return new IngotError(
    "tls-required",
    `without a certificate a witness listens at loopback only, and ${host} is not`,
    {
      hint: "give --tls-cert FILE --tls-key FILE, or listen at 127.0.0.1 behind a proxy that has one",
    },
  );
}
