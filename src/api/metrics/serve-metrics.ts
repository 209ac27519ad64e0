import type { IncomingMessage, ServerResponse } from "node:http";
import type { Controller } from "../../controller/controller.ts";
import { authenticate } from "../../controller/identity/authenticate.ts";
import { IngotError } from "../../ground/error.ts";
import { isLoopbackAddress } from "../../ground/listen-address.ts";
import { answerError } from "../error-answer.ts";
import { requireReader } from "../require-reader.ts";
import type { Metrics } from "./metrics.ts";

/**
 * Answers `GET /metrics`. A collector on this very machine needs no token: it could read more than that. One that comes from elsewhere, also through a proxy, needs the token of somebody who may read the
 * record.
 */
export async function serveMetrics(
  controller: Controller,
  {
    metrics,
    request,
    response,
  }: { readonly metrics: () => Promise<Metrics>; readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  try {
    if (!isFromHere(request)) {
      const principal = await authenticate(controller, request.headers.authorization);
      if (principal === undefined) throw tokenMissing();
      await requireReader({ controller, principal });
    }
    const { type, read } = await metrics();
    response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(await read());
  } catch (error) {
    const { status, body } = answerError(error);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }
}

function tokenMissing(): IngotError {
  return new IngotError("token-missing", "metrics are read from elsewhere with a token", {
    hint: "Authorization: Bearer TOKEN of somebody with the role auditor, or a collector on this machine",
  });
}

/** Attack: a proxy on this machine that lets anybody in. Each says whom it speaks for. */
function isFromHere({ socket, headers }: IncomingMessage): boolean {
  const isForwarded = ["x-forwarded-for", "x-forwarded-host", "forwarded", "via", "x-real-ip"].some(
    (name) => headers[name] !== undefined,
  );
  return !isForwarded && socket.remoteAddress !== undefined && isLoopbackAddress(socket.remoteAddress);
}
