import { IngotError } from "../../ground/error.ts";
import type { Settings } from "../../controller/settings.ts";
import type { Endpoint } from "./endpoint.ts";

/** Where a client gets a token, and for what: `WWW-Authenticate` (RFC 6750, section 3, and the token specification that Docker's clients follow). */
export function challengeFor({ baseUrl }: Pick<Settings, "baseUrl">, asked: Challenged): string {
  const { endpoint, method, error } = asked;
  const service = new URL(baseUrl).host;
  const values = [`realm="${baseUrl}/token"`, `service="${service}"`];
  if (endpoint !== undefined && "repository" in endpoint) {
    values.push(`scope="repository:${endpoint.repository}:${actionsOf(method)}"`);
  }
  if (endpoint?.kind === "catalog") values.push('scope="registry:catalog:*"');
  if (error !== undefined) values.push(`error="${error}"`);
  return `Bearer ${values.join(",")}`;
}

export type Challenged = {
  readonly endpoint: Endpoint | undefined;
  readonly method: string | undefined;
  readonly error?: "invalid_token";
};

function actionsOf(method: string | undefined): string {
  if (method === "GET" || method === "HEAD") return "pull";
  return method === "DELETE" ? "delete" : "pull,push";
}

export function signInNeeded(): IngotError {
  return new IngotError("token-missing", "the registry answers only those who signed in", {
    hint: "ingot login, or docker login with an access token as the password",
  });
}
