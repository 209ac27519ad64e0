import type { IncomingMessage, ServerResponse } from "node:http";
import { checkToken } from "../../controller/identity/authenticate.ts";
import { readAuthorization, readLogin, type Presented } from "../../controller/identity/read-authorization.ts";
import { invalid } from "../../controller/identity/access-token.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import { signInOf } from "../../controller/identity/sign-in.ts";
import type { Controller } from "../../controller/controller.ts";
import { IngotError } from "../../ground/error.ts";
import { answerError } from "../error-answer.ts";
import { assertNotEncoded, readWhole, type BodyLimits } from "../body.ts";
import { unsupportedMethod } from "./unsupported-method.ts";

/**
 * `/token`: where registries send their clients for a token (distribution's token authentication; its OAuth2 variant by POST). A client brings an access token as its password, and is
 * given that same token: what it may do is decided at each request, by the policy and not by the scope that it asked for, so a second token would say nothing more. Its answers
 * are JSON; an error has `errors` for registry clients and `error` as everywhere.
 */
export async function answerToken(controller: Controller, { request, response, bodyLimits }: Asking): Promise<void> {
  try {
    const { token, expires } = await identify(controller, request, bodyLimits);
    const now = signInOf(controller).now();
    send(response, 200, {
      token,
      access_token: token,
      expires_in: Math.max(0, expires - now),
      issued_at: new Date(now * 1000).toISOString(),
    });
  } catch (error) {
    const { status, body } = answerError(error);
    const { code, message } = body.error;
    if (status === 401) response.setHeader("WWW-Authenticate", `Basic realm="${controller.settings.baseUrl}"`);
    send(response, status, {
      ...body,
      errors: [{ code: status === 401 ? "UNAUTHORIZED" : "UNKNOWN", message, detail: code }],
    });
  }
}

type Asking = { readonly request: IncomingMessage; readonly response: ServerResponse; readonly bodyLimits: BodyLimits };

async function identify(
  controller: Controller,
  request: IncomingMessage,
  limits: BodyLimits,
): Promise<{ readonly token: string; readonly expires: number }> {
  const { baseUrl } = controller.settings;
  const { token, username } = await presented(request, baseUrl, limits);
  const { principal, expires } = await checkToken(controller, token);
  if (username !== undefined && username !== formatPrincipal(principal)) {
    throw invalid(baseUrl, `it is not of ${username}`);
  }
  return { token, expires };
}

async function presented(request: IncomingMessage, baseUrl: string, limits: BodyLimits): Promise<Presented> {
  const { method = "", headers } = request;
  const { authorization } = headers;
  if (!["GET", "HEAD", "POST"].includes(method)) throw unsupportedMethod(request, "GET, POST");
  if (authorization !== undefined) return readAuthorization(authorization, baseUrl);
  if (request.method !== "POST") throw missing(baseUrl);
  const form = new URLSearchParams(await readForm(request, limits));
  switch (form.get("grant_type")) {
    case "password":
      return readLogin(form.get("username") ?? "", form.get("password") ?? "");
    // Clients that keep an identity token (`docker login` with one) send it so.
    case "refresh_token":
      return { token: form.get("refresh_token") ?? "" };
    default:
      throw new IngotError("request-malformed", "expected grant_type=password or refresh_token");
  }
}

/** Bytes: a token and a name. */
const largestForm = 65_536;

/** Attack: strangers that send a byte a minute, and hold a connection each for as long as they like. */
async function readForm(request: IncomingMessage, limits: BodyLimits): Promise<string> {
  assertNotEncoded(request);
  const error = (): IngotError => new IngotError("body-too-large", `the form has more than ${largestForm} bytes`);
  return (await readWhole(request, { limits, most: largestForm, error })).toString("utf8");
}

function missing(baseUrl: string): IngotError {
  return new IngotError("token-missing", "this registry serves nobody without an access token", {
    hint: `ingot login ${baseUrl}; for another program: docker login --password-stdin with what \`ingot identity token\` prints`,
  });
}

function send(response: ServerResponse, status: number, body: object): void {
  // RFC 6749, section 5.1: a token is nothing for a cache.
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
