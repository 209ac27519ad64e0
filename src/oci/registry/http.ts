import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { describeForbidden, forbiddenPort } from "../../ground/forbidden-port.ts";
import { createAuthorizer, type Authorizer } from "./authorizer.ts";
import { parseChallenge } from "./challenge.ts";
import { checkAnswer } from "./check-answer.ts";
import { locateEndpoint, type Endpoint } from "./endpoint.ts";
import type { RegistryRequest } from "./registry-request.ts";
import { bodyOf } from "./request-body.ts";

/** Sends requests: with the right authorisation, through redirects, tried again when trying again helps. */
export type RegistryHttp = {
  /** As it is named; its address, where a login tells another, is `origin`. */
  readonly endpoint: Pick<Endpoint, "registry" | "isPlainAllowed">;
  /** `https://host:port`: what relative addresses are relative to. */
  readonly origin: () => Promise<string>;
  readonly send: (request: RegistryRequest) => Promise<Response>;
};

export type RetryOptions = {
  /** How often a request is made at most; default 5. */
  readonly attempts?: number;
  /** Milliseconds before the second attempt, doubled each time; default 250. */
  readonly delay?: number;
};

export function createHttp(context: Context, named: Endpoint, retry: RetryOptions = {}): RegistryHttp {
  let located: Promise<Located> | undefined;
  const find = (): Promise<Located> => (located ??= locate(context, named));
  return {
    endpoint: named,
    origin: async () => (await find()).endpoint.origin,
    send: async (request) => {
      const { endpoint, authorizer } = await find();
      const { delay = 250 } = retry;
      const attempts = request.isOnce ? 1 : (retry.attempts ?? 5);
      for (let attempt = 1; ; attempt++) {
        const response = await sendOnce({ context, endpoint, authorizer, request }).catch((error: unknown) => {
          if (attempt >= attempts || !isUnreachable(error)) throw error;
          return undefined;
        });
        if (response !== undefined && (attempt >= attempts || !isWorthRetry(response.status))) {
          return await checkAnswer(response, request, endpoint);
        }
        await response?.body?.cancel();
        await pause(context, retryAfter(response) ?? delay * 2 ** (attempt - 1));
      }
    },
  };
}

type Located = { readonly endpoint: Endpoint; readonly authorizer: Authorizer };

async function locate(context: Context, named: Endpoint): Promise<Located> {
  const endpoint = await locateEndpoint(context, named);
  return { endpoint, authorizer: createAuthorizer(context, endpoint) };
}

type Sending = {
  readonly context: Context;
  readonly endpoint: Endpoint;
  readonly authorizer: Authorizer;
  readonly request: RegistryRequest;
};

/** One attempt, which is up to three requests when the registry first asks who is there. */
async function sendOnce(sending: Sending): Promise<Response> {
  const { authorizer, request } = sending;
  const scope = `repository:${request.repository}:${request.access === "push" ? "pull,push" : "pull"}`;
  for (let round = 0; ; round++) {
    const sent = authorizer.header(scope);
    const { response, isRegistrys } = await follow(sending, sent);
    // Only the registry may ask for its login. Attack: a storage host that a redirect leads to names a token service of its own (CVE-2020-15157).
    if (response.status !== 401 || !isRegistrys || round === 2) return response;
    const challenge = parseChallenge(response.headers.get("www-authenticate"));
    if (challenge === undefined) return response;
    await response.body?.cancel();
    if (!(await authorizer.answer(challenge, { scope, sent }))) return response;
  }
}

/** `isRegistrys`: it is the registry's own answer, and not that of a host that it led to. */
type Answer = { readonly response: Response; readonly isRegistrys: boolean };

/** Follows redirects by hand: a registry sends readers to a storage host, and that host must not see the registry's authorisation. */
async function follow({ context, endpoint, request }: Sending, authorization: string | undefined): Promise<Answer> {
  let url = new URL(request.url, endpoint.origin);
  for (let redirects = 0; redirects <= 5; redirects++) {
    assertSafe(url, endpoint);
    const isRegistrys = url.origin === new URL(endpoint.origin).origin;
    const { headers, ...body } = bodyOf(request.body);
    const response = await fetchOnce(context, endpoint, url, {
      method: request.method,
      headers: { ...request.headers, ...headers, ...(isRegistrys && authorization ? { authorization } : {}) },
      redirect: "manual",
      signal: context.signal,
      ...body,
    });
    const location = redirectStatuses.has(response.status) ? response.headers.get("location") : null;
    if (location === null) return { response, isRegistrys };
    await response.body?.cancel();
    url = new URL(location, url);
  }
  throw new IngotError("registry-failed", `the registry ${endpoint.registry} redirects in a circle`);
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** No way leads from https to http, nor to a file or any other scheme. */
function assertSafe(url: URL, endpoint: Endpoint): void {
  const port = forbiddenPort(url);
  if (port !== undefined) {
    throw new IngotError(
      "registry-failed",
      `the registry ${endpoint.registry} cannot be used: ${describeForbidden(port)}`,
      { hint: "serve it at another port, or correct the address" },
    );
  }
  if (url.protocol === "https:" || (url.protocol === "http:" && endpoint.isPlainAllowed)) return;
  throw new IngotError(
    "registry-failed",
    `the registry ${endpoint.registry} leads to ${url.protocol}//${url.host}, which is not https`,
  );
}

async function fetchOnce(context: Context, endpoint: Endpoint, url: URL, init: RequestInit): Promise<Response> {
  try {
    return await context.fetch(url, init);
  } catch (cause) {
    throw unreachable(context, endpoint, cause);
  }
}

/** The error of a connection that could not be made or broke; `cancelled` when the user stopped. */
export function unreachable(context: Context, endpoint: RegistryHttp["endpoint"], cause: unknown): IngotError {
  if (context.signal.aborted) return new IngotError("cancelled", "the transfer was stopped", { cause });
  const scheme = endpoint.isPlainAllowed ? "" : " over https";
  return new IngotError("registry-unreachable", `the registry ${endpoint.registry} cannot be reached${scheme}`, {
    hint: "check the name and the network, then run the same command again: what was transferred is kept",
    cause,
  });
}

export function isUnreachable(error: unknown): boolean {
  return error instanceof IngotError && error.code === "registry-unreachable";
}

function isWorthRetry(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** Milliseconds of `Retry-After`, at most half a minute. */
function retryAfter(response: Response | undefined): number | undefined {
  const seconds = Number(response?.headers.get("retry-after") ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds, 30) * 1000 : undefined;
}

export function pause(context: Context, milliseconds: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = (): void => {
    clearTimeout(timer);
    reject(new IngotError("cancelled", "the transfer was stopped"));
  };
  const timer = setTimeout(() => {
    context.signal.removeEventListener("abort", stop);
    resolve();
  }, milliseconds);
  if (context.signal.aborted) stop();
  else context.signal.addEventListener("abort", stop, { once: true });
  return promise;
}
