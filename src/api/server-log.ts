import type { IncomingMessage, ServerResponse } from "node:http";
import pino, { type DestinationStream } from "pino";
import { IngotError } from "../ground/error.ts";

/** The server's log: one JSON object a line, for a collector. What is on the record is the ledger's; this is for who looks after the process. */
export type ServerLog = {
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onError: (error: unknown, request: { readonly method: string; readonly path: string }) => void;
  readonly info: (message: string, values?: object) => void;
  readonly warn: (message: string, values?: object) => void;
};

export function openServerLog(options: {
  readonly level: "info" | "debug" | "silent";
  readonly to?: DestinationStream;
}): ServerLog {
  const { level, to = pino.destination({ dest: 2, sync: true }) } = options;
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, to);
  return {
    info: (message, values = {}) => log.info(values, message),
    warn: (message, values = {}) => log.warn(values, message),
    onRequest: (request, response) => {
      // Each line costs more than the answer to a small request: only when asked for.
      if (!log.isLevelEnabled("debug")) return;
      const start = performance.now();
      response.once("close", () => {
        log.debug({
          method: request.method,
          path: pathOf(request.url),
          status: response.statusCode,
          milliseconds: Math.round(performance.now() - start),
        });
      });
    },
    onError: (error, { method, path }) => {
      if (error instanceof IngotError && error.code !== "internal-error") {
        // What the operator alone can mend is told as what fails inside.
        if (operators.has(error.code)) log.error({ method, path, code: error.code }, error.message);
        else log.debug({ method, path, code: error.code });
        return;
      }
      log.error({ method, path, err: error });
    },
  };
}

const operators: ReadonlySet<string> = new Set(["disk-full", "disk-read-only", "log-damaged", "log-write-failed"]);

/** Without the query: a token may be there, of a client that does it wrongly. */
function pathOf(url = "/"): string {
  return url.split("?", 1)[0] ?? "/";
}
