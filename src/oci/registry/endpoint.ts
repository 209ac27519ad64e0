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

/** Nobody listens on the way to this machine itself, so plain http is as good there. A name that only begins with `localhost` is not this machine. */
function isLoopback(registry: string): boolean {
  const host = registry.replace(/:[0-9]+$/, "");
  return host === "localhost" || host === "[::1]" || /^127(\.[0-9]{1,3}){3}$/.test(host);
}
