import { jsonOrUndefined } from "../../ground/json-or-undefined.ts";

/** A controller that somebody is logged in to. */
export type Login = {
  /** As tokens have it as their audience: without a slash at the end. */
  readonly url: string;
  /** `user:alice`. */
  readonly principal: string;
  /** How tokens are had: by the key in `keys/identity.key`, or by an ID token of an issuer. */
  readonly by: "key" | "id-token";
  /** Path of a file that has a fresh ID token whenever one is needed, as CI systems keep one. */
  readonly tokenFile?: string;
  /** PEM, where the controller's certificate is of an authority of its own. */
  readonly ca?: string;
};

const mostLogins = 1000;

/** By hand, since every command against a controller reads it and loading zod would be a quarter of its time. Undefined for what `ingot login` did not write. */
export function parseLogins(text: string): readonly Login[] | undefined {
  const file = jsonOrUndefined(text);
  if (!isRecord(file) || !hasOnly(file, ["logins"]) || !Array.isArray(file.logins)) return undefined;
  const logins: readonly unknown[] = file.logins;
  return logins.length <= mostLogins && logins.every(isLogin) ? logins : undefined;
}

function isLogin(value: unknown): value is Login {
  if (!isRecord(value) || !hasOnly(value, ["url", "principal", "by", "tokenFile", "ca"])) return false;
  const { url, principal, by, tokenFile, ca } = value;
  if (typeof url !== "string" || typeof principal !== "string") return false;
  return (by === "key" || by === "id-token") && isTextOrNone(tokenFile) && isTextOrNone(ca);
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function hasOnly(value: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  return Object.keys(value).every((name) => names.includes(name));
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
