import type { Context } from "../../ground/context.ts";
import { dockerHub } from "../reference.ts";

/** Where the API of a registry answers. */
export type Endpoint = {
  /** As written in references. */
  readonly registry: string;
  /** `https://host:port`, without a trailing slash. */
  readonly origin: string;
  /** Whether plain http may be spoken: the registry is this machine, or a person said so. */
  readonly isPlainAllowed: boolean;
};

export function endpointOf(registry: string, options: { insecure?: boolean } = {}): Endpoint {
  const isPlainAllowed = options.insecure === true || isLoopback(registry);
  const host = registry === dockerHub ? `registry-1.${dockerHub}` : registry;
  return { registry, origin: `${isPlainAllowed ? "http" : "https"}://${host}`, isPlainAllowed };
}

/**
 * The endpoint, at the address of the login where the registry is a controller. Attack: an access token in the clear, because a controller with TLS is on this machine, or because
 * somebody writes `--insecure`.
 */
export async function locateEndpoint(context: Pick<Context, "controllerUrl">, endpoint: Endpoint): Promise<Endpoint> {
  const origin = await context.controllerUrl?.(endpoint.registry);
  if (origin === undefined) return endpoint;
  return { registry: endpoint.registry, origin, isPlainAllowed: origin.startsWith("http:") };
}

/** Nobody listens on the way to this machine itself, so plain http is as good there. A name that only begins with `localhost` is not this machine. */
function isLoopback(registry: string): boolean {
  const host = registry.replace(/:[0-9]+$/, "");
  return host === "localhost" || host === "[::1]" || /^127(\.[0-9]{1,3}){3}$/.test(host);
}
