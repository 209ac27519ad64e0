import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Controller } from "../controller/controller.ts";
import { IngotError, isErrno } from "../ground/error.ts";
import { openRegistryHandler } from "./registry/registry-handler.ts";
import { makeRest } from "./rest.ts";
import { routes } from "./routes.ts";
import type { ServerLog } from "./server-log.ts";

export type Served = {
  /** Where it listens, as a URL with the real port. */
  readonly url: string;
  /** Takes no new request, waits for those that are under way, and at most ten seconds. */
  readonly close: () => Promise<void>;
};

export type ServeOptions = {
  readonly log: ServerLog;
  /** PEM texts, read by `readTls`. */
  readonly tls?: { readonly certificate: string; readonly key: string };
};

/** Serves a controller. Throws `listen-failed`. */
export async function serve(controller: Controller, options: ServeOptions): Promise<Served> {
  const listener = makeListener(controller, options.log);
  const { tls } = options;
  const server =
    tls === undefined
      ? createServer(serverLimits, listener)
      : createTlsServer({ ...serverLimits, cert: tls.certificate, key: tls.key, minVersion: "TLSv1.2" }, listener);
  await listen(server, controller.settings.listen);
  const { address, port } = server.address() as AddressInfo;
  const host = address.includes(":") ? `[${address}]` : address;
  return { url: `${tls === undefined ? "http" : "https"}://${host}:${port}`, close: () => close(server) };
}

/**
 * Attack: slow-loris, a client that sends a byte now and then and keeps a connection each. Headers must be there in ten seconds; a body may be long, but the registry holds its
 * uploads to a least speed.
 */
const serverLimits = {
  headersTimeout: 10_000,
  requestTimeout: 0,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16_384,
};

function makeListener(controller: Controller, log: ServerLog): RequestListener {
  const registry = openRegistryHandler(controller);
  const rest = getRequestListener(makeRest(controller, { routes, onError: log.onError }).fetch, {
    overrideGlobalObjects: false,
  });
  return (request: IncomingMessage, response: ServerResponse) => {
    log.onRequest(request, response);
    const { url = "/" } = request;
    if (isRegistryPath(url)) registry(request, response);
    else void rest(request, response);
  };
}

function isRegistryPath(url: string): boolean {
  return url.startsWith("/v2/") || url === "/v2" || url === "/token" || url.startsWith("/token?");
}

function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(listenError(cause, `${host}:${port}`)));
    server.listen(port, host, resolve);
  });
}

function listenError(cause: Error, place: string): IngotError {
  const why = isErrno(cause, "EADDRINUSE") ? "another program listens there" : cause.message;
  return new IngotError("listen-failed", `cannot listen on ${place}: ${why}`, {
    hint: "ingot serve --listen ADDRESS:PORT",
    cause,
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const last = setTimeout(() => server.closeAllConnections(), 10_000);
    server.close(() => {
      clearTimeout(last);
      resolve();
    });
    server.closeIdleConnections();
  });
}
