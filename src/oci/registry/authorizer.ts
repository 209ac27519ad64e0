import { z } from "zod";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { startOfBody } from "./body-chunks.ts";
import type { Challenge } from "./challenge.ts";
import { findCredentials, type Credentials } from "./docker-config.ts";
import type { Endpoint } from "./endpoint.ts";

/** Answers a registry's challenges and remembers the answers. Tokens live here, and in no error and no log. */
export type Authorizer = {
  /** The header to send for a scope, when an earlier challenge told which; else undefined. */
  readonly header: (scope: string) => string | undefined;
  /** Answers the challenge that a request met. False when there is nothing to answer with but what was sent already. */
  readonly answer: (challenge: Challenge, refused: RefusedRequest) => Promise<boolean>;
};

export type RefusedRequest = {
  readonly scope: string;
  /** The header it was sent with. */ readonly sent: string | undefined;
};

type Token = { readonly value: string; readonly expires: number };

export function createAuthorizer(context: Context, endpoint: Endpoint): Authorizer {
  const tokens = new Map<string, Token>();
  let basic: string | undefined;
  let credentials: Promise<Credentials | undefined> | undefined;
  const login = (): Promise<Credentials | undefined> => (credentials ??= findLogin(context, endpoint.registry));
  const header = (scope: string): string | undefined => {
    const token = tokens.get(scope);
    if (token !== undefined && token.expires > context.now().getTime()) return `Bearer ${token.value}`;
    return basic;
  };
  return {
    header,
    answer: async (challenge, { scope, sent }) => {
      const found = await login();
      // Of several requests at once, the first one's answer serves all.
      if (header(scope) !== sent) return true;
      if (challenge.scheme === "bearer") {
        tokens.set(scope, await fetchToken({ context, endpoint, challenge, scope, credentials: found }));
        return true;
      }
      if (basic !== undefined || found?.kind !== "password") return false;
      basic = basicHeader(found);
      return true;
    },
  };
}

/** A controller's own login goes before what Docker keeps. */
async function findLogin(context: Context, registry: string): Promise<Credentials | undefined> {
  const login = await context.registryLogin?.(registry);
  return login === undefined ? findCredentials(context, registry) : { kind: "password", ...login };
}

function basicHeader({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

type TokenRequest = {
  readonly context: Context;
  readonly endpoint: Endpoint;
  readonly challenge: Challenge & { scheme: "bearer" };
  readonly scope: string;
  readonly credentials: Credentials | undefined;
};

/** distribution-spec's token authentication: GET with a password or nobody's name, POST with an identity token. */
async function fetchToken(request: TokenRequest): Promise<Token> {
  const { context, endpoint, challenge, credentials } = request;
  const realm = realmUrl(endpoint, challenge.realm);
  const parameters = new URLSearchParams({ service: challenge.service ?? "", scope: challenge.scope ?? request.scope });
  const init: RequestInit = { signal: context.signal, redirect: "error" };
  if (credentials?.kind === "identity-token") {
    parameters.set("grant_type", "refresh_token");
    parameters.set("client_id", "ingot");
    parameters.set("refresh_token", credentials.token);
    Object.assign(init, { method: "POST", body: parameters });
  } else {
    for (const [name, value] of parameters) realm.searchParams.set(name, value);
    if (credentials !== undefined) init.headers = { authorization: basicHeader(credentials) };
  }
  const response = await reach(context, realm, init);
  if (!response.ok) {
    await response.body?.cancel();
    throw tokenRefused(endpoint, response.status, credentials);
  }
  return readToken(context, endpoint, response);
}

async function reach(context: Context, realm: URL, init: RequestInit): Promise<Response> {
  try {
    return await context.fetch(realm, init);
  } catch (cause) {
    context.signal.throwIfAborted();
    throw new IngotError("registry-unreachable", `the token service at ${realm.host} cannot be reached`, { cause });
  }
}

/** A password must not travel in the clear because a registry's answer says so. */
function realmUrl(endpoint: Endpoint, realm: string): URL {
  const url = URL.parse(realm);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && endpoint.isPlainAllowed)) return url;
  throw new IngotError("registry-failed", `the registry ${endpoint.registry} names a token service that is not https`, {
    hint: "for a registry without TLS, say so explicitly",
  });
}

const tokenSchema = z.looseObject({
  token: z.string().exactOptional(),
  access_token: z.string().exactOptional(),
  expires_in: z.number().exactOptional(),
});

async function readToken(context: Context, endpoint: Endpoint, response: Response): Promise<Token> {
  const parsed = tokenSchema.safeParse(await readJson(response));
  const value = parsed.data?.token ?? parsed.data?.access_token;
  if (value === undefined)
    throw new IngotError("registry-failed", `the token service of ${endpoint.registry} gave no token`);
  // The specification's default is 60 seconds; some are shorter than the transfer, so a token is renewed a little early.
  const lifetime = Math.max(10, (parsed.data?.expires_in ?? 60) - 10);
  return { value, expires: context.now().getTime() + lifetime * 1000 };
}

/** Undefined where it is none: the schema then says what is missing. */
async function readJson(response: Response): Promise<unknown> {
  try {
    return JSON.parse(await startOfBody(response));
  } catch {
    return undefined;
  }
}

function tokenRefused(endpoint: Endpoint, status: number, credentials: Credentials | undefined): IngotError {
  const who = credentials === undefined ? "no login" : "this login";
  const code = status === 401 || status === 403 ? "registry-denied" : "registry-failed";
  return new IngotError(code, `the token service of ${endpoint.registry} answered ${status} to ${who}`, {
    hint: `docker login ${endpoint.registry}, or ingot login ${endpoint.registry} where it is a controller`,
  });
}
