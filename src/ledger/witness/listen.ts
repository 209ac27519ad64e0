import { createServer as createPlainServer, type RequestListener, type Server } from "node:http";
import { once } from "node:events";
import { IngotError } from "../../ground/error.ts";
import { isLoopbackAddress, urlHost, type ListenAddress } from "../../ground/listen-address.ts";

/** Where a witness listens. Without `tls` (PEM texts) only at a loopback address. `patience`: milliseconds for a client to say what it wants, 5000 by default. */
export type Listen = ListenAddress & {
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly patience?: number;
};

/** Opens a server with bounds on what a stranger may hold open. Throws `tls-required` for plain HTTP beyond loopback, `listen-failed` where it cannot listen. */
export async function listenAt(listen: Listen, answer: RequestListener): Promise<{ server: Server; url: string }> {
  if (listen.tls === undefined && !isLoopbackAddress(listen.host)) throw notLoopback(listen.host);
  const server = await makeServer(listen, answer);
  // Attack: connections that say nothing, or say it one byte a minute.
  server.headersTimeout = patienceOf(listen);
  server.requestTimeout = 2 * patienceOf(listen);
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
  return { server, url: `${listen.tls === undefined ? "http" : "https"}://${urlHost(listen.host)}:${port}` };
}

function patienceOf({ patience = 5000 }: Listen): number {
  return patience;
}

async function makeServer(listen: Listen, answer: RequestListener): Promise<Server> {
  // How often the time limits are looked at.
  const limits = { connectionsCheckingInterval: patienceOf(listen) / 5 };
  const { tls } = listen;
  if (tls === undefined) return createPlainServer(limits, answer);
  const { createServer } = await import("node:https");
  try {
    return createServer({ ...limits, cert: tls.certificate, key: tls.key, minVersion: "TLSv1.2" }, answer);
  } catch (cause) {
    throw new IngotError("key-malformed", "the certificate of the witness and its key do not make a pair", {
      hint: "both are PEM files; the certificate's file begins with its own, then those that signed it",
      cause,
    });
  }
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
