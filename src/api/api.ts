import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Controller } from "../controller/controller.ts";
import type { TlsMaterial } from "../controller/identity/read-tls.ts";
import { IngotError, isErrno } from "../ground/error.ts";
import { urlHost } from "../ground/listen-address.ts";
import { answerError } from "./error-answer.ts";
import { assertOwnHost } from "./assert-own-host.ts";
import { closeServer } from "./close-server.ts";
import { endUnread } from "./registry/end-unread.ts";
import { openRegistryHandler, type RegistryHandler } from "./registry/registry-handler.ts";
import type { Metrics } from "./metrics/metrics.ts";
import { serveMetrics } from "./metrics/serve-metrics.ts";
import { makeRest } from "./rest.ts";
import { routes } from "./routes.ts";
import { guardConnections, serverLimits, type ServerLimits } from "./server-limits.ts";
import type { ServerLog } from "./server-log.ts";

export type Served = {
  /** Where it listens, as a URL with the real port. */
  readonly url: string;
  /** Takes no new request, ends streams, waits for requests that are under way, and at most ten seconds. */
  readonly close: () => Promise<void>;
};

export type ServeOptions = {
  readonly log: ServerLog;
  /** PEM texts, read by `readTls`; `again` reads them anew, for certificates that are renewed. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly again?: () => TlsMaterial | undefined };
  /** For tests that cannot wait as long as a server should. */
  readonly limits?: Partial<ServerLimits>;
};

/** Serves a controller. Throws `listen-failed`. */
export async function serve(controller: Controller, options: ServeOptions): Promise<Served> {
  const { log, tls } = options;
  const limits = { ...serverLimits, ...options.limits };
  const closing = new AbortController();
  const registry = openRegistryHandler(controller, { bodyLimits: limits.body, onError: log.onError });
  const listener = makeListener({ controller, log, registry, limits, closing: closing.signal });
  const server = await makeServer({ listener, limits, tls });
  guardConnections(server, limits);
  const endRenewal = await keepCertificate(server, options);
  await listen(server, controller.settings.listen);
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://${urlHost(address)}:${port}`,
    close: async () => {
      closing.abort();
      endRenewal();
      await closeServer(server);
      await registry.close();
    },
  };
}

/** Loaded for TLS alone. */
async function keepCertificate(server: Server, { tls, log }: ServeOptions): Promise<() => void> {
  if (tls?.again === undefined) return () => {};
  const { keepCertificateFresh } = await import("./keep-certificate-fresh.ts");
  return keepCertificateFresh(server, { now: tls, read: tls.again, log });
}

type Listening = {
  readonly controller: Controller;
  readonly log: ServerLog;
  readonly registry: RegistryHandler;
  readonly limits: ServerLimits;
  readonly closing: AbortSignal;
};

function makeListener({ controller, log, registry, limits, closing }: Listening): RequestListener {
  const { baseUrl } = controller.settings;
  const { onError } = log;
  let opened: Promise<Metrics> | undefined;
  // The first collector that asks has it loaded.
  const metrics = (): Promise<Metrics> =>
    (opened ??= import("./metrics/metrics.ts").then(({ openMetrics }) => openMetrics(controller)));
  const app = makeRest(controller, { routes, onError, closing, bodyLimits: limits.body });
  const rest = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return (request: IncomingMessage, response: ServerResponse) => {
    log.onRequest(request, response);
    try {
      assertOwnHost(request, baseUrl);
    } catch (error) {
      return refuse(request, response, error);
    }
    const { url = "/" } = request;
    if (isRegistryPath(url)) return registry(request, response);
    if (url === "/metrics" && request.method === "GET")
      return void serveMetrics(controller, { metrics, request, response });
    // A body that nobody reads: Node would read to its end before the next request.
    if (hasBodyInVain(request)) response.setHeader("connection", "close");
    void rest(request, response);
  };
}

function isRegistryPath(url: string): boolean {
  return url.startsWith("/v2/") || url === "/v2" || url === "/token" || url.startsWith("/token?");
}

function hasBodyInVain({ method, headers }: IncomingMessage): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const { status, body } = answerError(error);
  response.writeHead(status, { "content-type": "application/json", connection: "close" }).end(JSON.stringify(body));
  if (!request.complete) endUnread(request, response);
}

type ToMake = {
  readonly listener: RequestListener;
  readonly limits: ServerLimits;
  readonly tls: ServeOptions["tls"] | undefined;
};

async function makeServer({ listener, limits: { http }, tls }: ToMake): Promise<Server> {
  if (tls === undefined) return createServer(http, listener);
  const { createServer: createTlsServer } = await import("node:https");
  return createTlsServer({ ...http, cert: tls.certificate, key: tls.key, minVersion: "TLSv1.2" }, listener);
}

function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => reject(listenError(cause, `${urlHost(host)}:${port}`));
    server.once("error", fail);
    server.listen(port, host, () => {
      server.off("error", fail);
      resolve();
    });
  });
}

function listenError(cause: Error, place: string): IngotError {
  const why = isErrno(cause, "EADDRINUSE") ? "another program listens there" : cause.message;
  return new IngotError("listen-failed", `cannot listen on ${place}: ${why}`, {
    hint: "ingot serve --listen ADDRESS:PORT",
    cause,
  });
}
