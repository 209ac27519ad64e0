import { isIP } from "node:net";
import { IngotError } from "./error.ts";

/** Where a server listens; port 0 is any that is free. */
export type ListenAddress = { readonly host: string; readonly port: number };

/** Reads `ADDRESS:PORT`, an IPv6 address in brackets. No names: what they mean is another's to say. Throws `settings-malformed`. */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits = ""] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? "";
  const port = Number(digits);
  if (isIP(host) === (bracketed === undefined ? 4 : 6) && port < 65_536) return { host, port };
  throw new IngotError("settings-malformed", `expected ADDRESS:PORT to listen on, got ${JSON.stringify(text)}`, {
    hint: "such as 127.0.0.1:8700, or [::1]:8700",
  });
}

/** Whether only this host can reach it. */
export function isLoopbackAddress(host: string): boolean {
  return host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** The address as it stands in a URL. */
export function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
