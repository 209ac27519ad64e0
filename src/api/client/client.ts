import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { errorCodes, type ErrorCode } from "../../ground/error-codes.ts";
import type { ErrorAnswer } from "../error-answer.ts";
import { unreachable } from "./unreachable.ts";

/** Where a controller is and who asks. `token` is asked for at the first request that needs it. */
export type Access = { readonly url: string; readonly token?: () => Promise<string> };

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The controller's REST API. Answers are taken as what the routes of the same release declare. Each throws the controller's own error, `controller-unreachable` or `controller-failed`. */
export type Client = {
  readonly url: string;
  readonly get: <Answer>(path: string, query?: Query) => Promise<Answer>;
  readonly post: <Answer>(path: string, body?: object) => Promise<Answer>;
  readonly put: <Answer>(path: string, body?: object) => Promise<Answer>;
  readonly remove: <Answer>(path: string, query?: Query) => Promise<Answer>;
};

export function openClient(ctx: Pick<Context, "fetch" | "signal">, access: Access): Client {
  const send = <Answer>(method: string, path: string, body?: object): Promise<Answer> =>
    request(ctx, access, { method, path, ...(body === undefined ? {} : { body }) }) as Promise<Answer>;
  return {
    url: access.url,
    get: (path, query) => send("GET", withQuery(path, query)),
    post: (path, body = {}) => send("POST", path, body),
    put: (path, body = {}) => send("PUT", path, body),
    remove: (path, query) => send("DELETE", withQuery(path, query)),
  };
}

type Sent = { readonly method: string; readonly path: string; readonly body?: object };

async function request(ctx: Pick<Context, "fetch" | "signal">, access: Access, sent: Sent): Promise<unknown> {
  const { method, path, body } = sent;
  const token = await access.token?.();
  const headers = {
    accept: "application/json",
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const response = await reach(access.url, () =>
    ctx.fetch(`${access.url}${path}`, {
      method,
      headers,
      signal: ctx.signal,
      // Attack: an address that sends the token on to another host.
      redirect: "manual",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  assertNotMoved(response, access.url);
  const answer = await reach(access.url, () => response.text());
  if (response.ok) return parse(answer, access.url);
  throw errorOf(answer, { url: access.url, status: response.status });
}

/** What is sent or read there; throws `controller-unreachable` for all that is no error of ours. */
export async function reach<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof IngotError) throw cause;
    throw unreachable(url, cause);
  }
}

/** Throws `controller-failed`. */
export function assertNotMoved({ status, headers }: Response, url: string): void {
  if (status < 300 || status > 399) return;
  const place = (headers.get("location") ?? "another address").slice(0, 300);
  throw new IngotError("controller-failed", `what answers at ${url} sends on to ${place}, which is not followed`, {
    hint: "name the address itself: ingot login URL",
  });
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IngotError(
      "controller-failed",
      `what answers at ${url} is no controller of Ingot: its answer is not JSON`,
      {
        hint: "check the address: ingot login URL",
        cause,
      },
    );
  }
}

/** The controller's own error, so that the command ends as if it had happened here. */
export function errorOf(text: string, { url, status }: { readonly url: string; readonly status: number }): IngotError {
  const answer = parse(text, url) as Partial<ErrorAnswer>;
  const { code, message, hint, details } = answer.error ?? {};
  if (code === undefined || message === undefined || !isErrorCode(code)) {
    return new IngotError(
      "controller-failed",
      `the controller at ${url} answered with ${status} and no error that this release knows`,
      {
        hint: "is it of another release? compare `ingot --version` on both sides",
      },
    );
  }
  return new IngotError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

function withQuery(path: string, query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}
