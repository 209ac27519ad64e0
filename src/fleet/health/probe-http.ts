import { request, type IncomingMessage } from "node:http";
import { plainText } from "./plain-text.ts";
import { describeFailure, type ProbeTarget } from "./probe-tcp.ts";

/**
 * GET, on a connection of its own: well is any answer below 400, once its end has come or enough of it. A redirect is an answer and not followed: it could lead anywhere, and an instance is asked for
 * itself. Undefined: it is well.
 */
export async function probeHttp(path: string, target: ProbeTarget): Promise<string | undefined> {
  const { address, port, timeout, signal } = target;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const sent = request({
    host: address,
    port,
    path,
    agent: false,
    headers: { "user-agent": "ingot-health", connection: "close" },
    signal,
  });
  // Of the whole check: an instance that sends a byte now and then would outlast a timeout of silence.
  const timer = setTimeout(() => resolve(`GET ${path} did not answer within ${timeout} ms`), timeout);
  // Not `resolve(readAnswer(…))`: the timer must have its say while the answer goes on.
  sent.on("response", (answer) => void readAnswer(path, answer).then(resolve));
  sent.on("upgrade", () => resolve(`GET ${path} answered with another protocol`));
  sent.on("error", (error) => resolve(`GET ${path}: ${describeFailure(error, target)}`));
  sent.end();
  const found = await raceWithTimer(promise, timer);
  sent.destroy();
  return found === undefined ? undefined : plainText(found);
}

async function raceWithTimer<T>(promise: Promise<T>, timer: NodeJS.Timeout): Promise<T> {
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** Bytes. */
const enough = 65_536;

async function readAnswer(path: string, answer: IncomingMessage): Promise<string | undefined> {
  const status = answer.statusCode ?? 0;
  if (status >= 400) return `GET ${path} answered ${status}`;
  let size = 0;
  try {
    for await (const chunk of answer) {
      size += (chunk as Buffer).length;
      if (size >= enough) break;
    }
    return undefined;
  } catch {
    // Cut off in the middle, by the instance or by the end of the check's time.
    return `GET ${path} answered ${status} and broke off`;
  }
}
