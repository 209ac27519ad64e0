import { splitCredentials, withoutCredentials } from "../../debian/archive/credentials.ts";
import { isCode, pause } from "../../debian/archive/retry.ts";
import { StallWatch } from "../../debian/archive/stall-watch.ts";
import type { Patience } from "../../debian/archive/transfer.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { describeForbidden, forbiddenPort } from "../../ground/forbidden-port.ts";
import { shownSource, type Feed, type FeedLimits } from "./feed.ts";
import { tooLarge } from "./feed-error.ts";
import type { Receiver } from "./receiver.ts";

/** Feeds are few and large, and their servers are strangers': more patience with one that stalls, and longer pauses. */
export const usualFeedPatience: Patience = { attempts: 4, backoff: 1000, stall: 60_000 };

export type FetchOptions = {
  readonly limits: FeedLimits;
  readonly patience: Patience;
  /** What is there already: an equal one is not sent again. */
  readonly former?: Feed;
};

export type Fetched =
  | { readonly kind: "unchanged" }
  /** `marks`: by which the server knows it again. */
  | { readonly kind: "content"; readonly marks: Pick<Feed, "etag" | "lastModified"> };

/**
 * Fetches a feed into `receiver`. What may pass (no connection, 408, 429, 5xx, a body that breaks off) is tried again from the start, after what `Retry-After` asks for.
 * Throws `feed-unreachable`, `feed-denied`, `feed-missing`, `feed-too-large`, `cancelled`; no message holds credentials.
 */
export function fetchFeed(ctx: Context, url: string, receiver: Receiver, options: FetchOptions): Promise<Fetched> {
  return withoutCredentials(async () => {
    for (let attempt = 1; ; attempt++) {
      const waiting: Waiting = {};
      try {
        return await fetchOnce({ ctx, url, options, waiting }, receiver);
      } catch (error) {
        if (!isCode(error, ["feed-unreachable"])) throw error;
        if (attempt >= options.patience.attempts) throw lastError(error, attempt);
      }
      receiver.restart();
      await pause(ctx, waiting.retryAfter ?? options.patience.backoff * 2 ** (attempt - 1));
    }
  });
}

/** What the server asks for, in milliseconds. */
type Waiting = { retryAfter?: number };

type Exchange = {
  readonly ctx: Context;
  readonly url: string;
  readonly options: FetchOptions;
  readonly waiting: Waiting;
};

async function fetchOnce(exchange: Exchange, receiver: Receiver): Promise<Fetched> {
  const watch = new StallWatch(shownSource(exchange.url), exchange.options.patience.stall);
  try {
    const response = await follow(exchange, AbortSignal.any([exchange.ctx.signal, watch.signal]));
    if (response.status === 304) return { kind: "unchanged" };
    await receiveBody(exchange, response, { receiver, watch });
    const etag = response.headers.get("etag");
    const lastModified = response.headers.get("last-modified");
    const marks = { ...(etag === null ? {} : { etag }), ...(lastModified === null ? {} : { lastModified }) };
    return { kind: "content", marks };
  } catch (error) {
    if (error instanceof IngotError) throw error;
    if (exchange.ctx.signal.aborted) throw new IngotError("cancelled", "the download was stopped", { cause: error });
    throw unreachable(exchange.url, reasonOf(error), error);
  } finally {
    watch.end();
  }
}

/** Follows redirects by hand: another host must not see the credentials, and no way leads from https to http. */
async function follow({ ctx, url, options, waiting }: Exchange, signal: AbortSignal): Promise<Response> {
  const target = splitCredentials(url);
  const first = new URL(target.uri);
  let next = first;
  for (let redirects = 0; redirects <= 5; redirects++) {
    assertPort(next, url);
    const headers = {
      "accept-encoding": "identity",
      ...conditions(options.former),
      ...(next.origin === first.origin ? target.headers : {}),
    };
    const response = await ctx.fetch(next, { headers, signal, redirect: "manual" });
    const location = redirectStatuses.has(response.status) ? response.headers.get("location") : null;
    if (location === null) return await checkAnswer(response, { url, options, waiting });
    await response.body?.cancel();
    next = nextAddress(location, next, url);
  }
  throw new IngotError("feed-unreachable", `${shownSource(url)} redirects in a circle`);
}

function assertPort(next: URL, url: string): void {
  const port = forbiddenPort(next);
  if (port === undefined) return;
  throw new IngotError("feed-missing", `${shownSource(url)} cannot be used: ${describeForbidden(port)}`, {
    hint: "give an address with another port",
  });
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function nextAddress(location: string, from: URL, url: string): URL {
  const next = URL.parse(location, from.href);
  if (next?.protocol === "https:" || (next?.protocol === "http:" && from.protocol === "http:")) return next;
  throw new IngotError("feed-denied", `${shownSource(url)} leads to an address that is not https`, {
    hint: "give the address that the feed really has",
  });
}

function conditions(former: Feed | undefined): Record<string, string> {
  return {
    ...(former?.etag === undefined ? {} : { "if-none-match": former.etag }),
    ...(former?.lastModified === undefined ? {} : { "if-modified-since": former.lastModified }),
  };
}

async function checkAnswer(
  response: Response,
  { url, options, waiting }: Pick<Exchange, "url" | "options" | "waiting">,
): Promise<Response> {
  const { status, headers } = response;
  // That nothing changed is an answer to a question that was asked.
  if (status === 200 || (status === 304 && options.former !== undefined)) return response;
  await response.body?.cancel();
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = Number(headers.get("retry-after") ?? Number.NaN);
    if (seconds >= 0) waiting.retryAfter = Math.min(seconds, 60) * 1000;
    throw unreachable(url, `the answer is ${status}`);
  }
  if (status === 401 || status === 403 || status === 407) {
    throw new IngotError("feed-denied", `${shownSource(url)}: the answer is ${status}`, {
      hint: "put the user and password into the address, https://USER:PASSWORD@HOST/…; they are kept readable by you alone and never shown",
    });
  }
  throw new IngotError("feed-missing", `${shownSource(url)}: the answer is ${status}`, { hint: "check the address" });
}

type Sink = { readonly receiver: Receiver; readonly watch: StallWatch };

async function receiveBody(
  { ctx, url, options }: Exchange,
  response: Response,
  { receiver, watch }: Sink,
): Promise<void> {
  const promised = response.headers.has("content-encoding") ? undefined : response.headers.get("content-length");
  const total = promised === undefined || promised === null ? undefined : Number(promised);
  if (total !== undefined && total > options.limits.received) throw tooLarge(shownSource(url), options.limits.received);
  const task = ctx.report.task(`fetching ${shownSource(url)}`, {
    unit: "bytes",
    ...(total === undefined ? {} : { total }),
  });
  try {
    const body: AsyncIterable<Uint8Array> | null = response.body;
    for await (const chunk of body ?? []) {
      watch.touch();
      receiver.write(chunk);
      task.advance(chunk.length);
    }
  } finally {
    task.done();
  }
  if (total !== undefined && receiver.size < total)
    throw unreachable(url, `it ended after ${receiver.size} of ${total} bytes`);
}

function unreachable(url: string, why: string, cause?: unknown): IngotError {
  return new IngotError("feed-unreachable", `${shownSource(url)}: ${why}`, cause === undefined ? {} : { cause });
}

/** fetch() hides the system's reason (ECONNREFUSED …) behind "fetch failed". */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}

function lastError(error: IngotError, attempts: number): IngotError {
  return new IngotError("feed-unreachable", `${error.message} (tried ${attempts} times)`, {
    cause: error,
    hint: "check the address and the network, then run the same command again; a feed that was added before stays in use",
  });
}
