import type { IncomingMessage } from "node:http";
import { IngotError } from "../ground/error.ts";
import { isLoopbackAddress } from "../ground/listen-address.ts";

/**
 * Attack: DNS rebinding. A page in somebody's browser, of a name that its owner lets resolve to this machine, is of the same origin as what answers there, and could read all of it. Its requests
 * carry that name as Host: only the controller's own name is answered, and those of loopback, which are nobody else's. Throws `host-unknown`.
 */
export function assertOwnHost({ headers, url = "" }: Pick<IncomingMessage, "headers" | "url">, baseUrl: string): void {
  const own = new URL(baseUrl);
  const { host = "" } = headers;
  const asked = /^[\w.:[\]-]+$/.test(host) ? URL.parse(`${own.protocol}//${host}/`) : null;
  // RFC 9112, section 3.2.2: a whole URL as target would go before Host. No client that is meant here sends one.
  if (url.startsWith("/") && asked !== null && (asked.host === own.host || isLoopbackName(asked.hostname))) return;
  throw new IngotError("host-unknown", "this controller answers by its own name only", {
    hint: `it is found at ${baseUrl}; base_url in controller.yaml sets another name`,
  });
}

function isLoopbackName(name: string): boolean {
  return name === "localhost" || isLoopbackAddress(name.replace(/^\[(.*)\]$/, "$1"));
}
