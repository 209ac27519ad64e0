import type { Server, ServerOptions } from "node:http";
import { usualBodyLimits, type BodyLimits } from "./body.ts";

/** What a server does not wait for. Milliseconds and bytes. */
export type ServerLimits = {
  readonly http: Pick<
    ServerOptions,
    "headersTimeout" | "requestTimeout" | "keepAliveTimeout" | "connectionsCheckingInterval" | "maxHeaderSize"
  >;
  readonly body: BodyLimits;
  /** A connection in which nothing moves. */
  readonly silence: number;
};

export const serverLimits: ServerLimits = {
  http: {
    // Attack: slow-loris, a client that sends a byte of a header now and then and keeps a connection each.
    headersTimeout: 10_000,
    // A body may be long: it is held to a least speed instead.
    requestTimeout: 0,
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: 16_384,
  },
  body: usualBodyLimits,
  silence: 120_000,
};

/**
 * Attack: a client that asks for something large, or for the stream of events, and never reads: what was written to it would be kept for ever. The stream's signs of life are more frequent than
 * `silence`, so that only a reader who does not read is silent.
 */
export function guardConnections(server: Server, { silence }: ServerLimits): void {
  server.setTimeout(silence);
}
