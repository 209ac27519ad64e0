import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";

/** Bytes; real ones have a few thousand. */
const largest = 256 * 1024;
const patience = 10_000;

/** A JSON document of an OIDC issuer. Throws `issuer-unusable`. */
export async function fetchDocument(
  ctx: Pick<Context, "fetch" | "signal">,
  address: string,
  issuer: string,
): Promise<unknown> {
  const url = URL.parse(address);
  if (url === null || !isSafe(url, issuer)) throw unusable(issuer, `${address.slice(0, 200)} is not https`);
  const response = await reach(ctx, url, issuer);
  if (!response.ok) {
    await response.body?.cancel();
    throw unusable(issuer, `${url.href} answered with ${response.status}`);
  }
  return parse(await readText(response, url, issuer), url, issuer);
}

/** Whoever sits on the way could answer with keys of their own; plain HTTP only from this machine to itself. */
function isSafe(url: URL, issuer: string): boolean {
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && isLoopback(url.hostname) && issuer.startsWith("http://");
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.[0-9]{1,3}){3}$/.test(host);
}

async function reach(ctx: Pick<Context, "fetch" | "signal">, url: URL, issuer: string): Promise<Response> {
  try {
    // Attack: an open redirect at the issuer's address that leads to somebody else's keys.
    const init = { redirect: "error", headers: { accept: "application/json" } } as const;
    return await ctx.fetch(url, { ...init, signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(patience)]) });
  } catch (cause) {
    throw new IngotError("issuer-unusable", `the issuer ${issuer} cannot be asked for its keys at ${url.href}`, {
      hint: "check the network, and that the address leads nowhere else: redirects are not followed",
      cause,
    });
  }
}

async function readText(response: Response, url: URL, issuer: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of bodyOf(response)) {
    size += part.length;
    if (size > largest) throw unusable(issuer, `${url.href} has more than ${largest} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function bodyOf({ body }: Response): AsyncIterable<Uint8Array> | readonly Uint8Array[] {
  return body ?? [];
}

function parse(text: string, url: URL, issuer: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IngotError("issuer-unusable", `what ${url.href} answers for the issuer ${issuer} is not JSON`, { cause });
  }
}

/** The error of an issuer whose keys cannot be had. */
export function unusable(issuer: string, why: string): IngotError {
  return new IngotError("issuer-unusable", `the issuer ${issuer} cannot be asked for its keys: ${why}`, {
    hint: "check its address under issuers: of controller.yaml; it must be written as the issuer itself writes it",
  });
}
