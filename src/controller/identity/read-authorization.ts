import type { IngotError } from "../../ground/error.ts";
import { parsePrincipal } from "../../policy/principal-name.ts";
import { invalid } from "./access-token.ts";

/** `username`: only where it names a principal; Docker asks for one, and people write anything. */
export type Presented = { readonly token: string; readonly username?: string };

/** The token of an `Authorization` header (RFC 6750, section 2.1; RFC 7617). Throws `token-invalid`. */
export function readAuthorization(header: string, baseUrl: string): Presented {
  const space = header.indexOf(" ");
  const scheme = header.slice(0, space).toLowerCase();
  const value = header.slice(space + 1).trim();
  if (scheme === "bearer") return { token: value };
  if (scheme === "basic") return readBasic(value, baseUrl);
  throw invalid(baseUrl, "expected Bearer, or Basic with the token as password");
}

/** Name and password as a client of a registry gives them. */
export function readLogin(username: string, password: string): Presented {
  return parsePrincipal(username) === undefined ? { token: password } : { token: password, username };
}

function readBasic(value: string, baseUrl: string): Presented {
  const text = Buffer.from(value, "base64").toString("utf8");
  // The last one: the name of a principal has a colon, a token has none.
  const colon = text.lastIndexOf(":");
  if (colon < 0) throw noPassword(baseUrl);
  return readLogin(text.slice(0, colon), text.slice(colon + 1));
}

function noPassword(baseUrl: string): IngotError {
  return invalid(baseUrl, "Basic authorisation without a password");
}
