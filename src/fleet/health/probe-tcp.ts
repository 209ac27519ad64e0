import { connect } from "node:net";
import { isErrno } from "../../ground/error.ts";
import { urlHost } from "../../ground/listen-address.ts";

export type ProbeTarget = {
  readonly address: string;
  readonly port: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
};

/** Well is a connection. Undefined: it is well. */
export async function probeTcp(target: ProbeTarget): Promise<string | undefined> {
  const { address, port, timeout, signal } = target;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({ host: address, port, signal });
  const timer = setTimeout(() => resolve(`no connection to ${placeOf(target)} within ${timeout} ms`), timeout);
  socket.on("connect", () => resolve(undefined));
  socket.on("error", (error) => resolve(describeFailure(error, target)));
  const found = await promise;
  clearTimeout(timer);
  socket.destroy();
  return found;
}

export function describeFailure(error: Error, target: ProbeTarget): string {
  const place = placeOf(target);
  if (isErrno(error, "ECONNREFUSED")) return `nothing listens at ${place}`;
  if (isErrno(error, "ECONNRESET")) return `${place} broke the connection off`;
  if (isErrno(error, "EHOSTUNREACH") || isErrno(error, "ENETUNREACH")) return `${place} cannot be reached`;
  return `${place}: ${error.message}`;
}

function placeOf({ address, port }: ProbeTarget): string {
  return `${urlHost(address)}:${port}`;
}
