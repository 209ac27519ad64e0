import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { NumberedEvent } from "../../ledger/event.ts";
import { assertNotMoved, errorOf, reach, type Access } from "./client.ts";
import { readServerEvents, type ServerEvent } from "./server-events.ts";

export type FollowOptions = {
  /** The first event that is wanted; absent: only what happens from now on. */
  readonly from?: number;
  /** `release.created`, or `release.*`; none: all. */
  readonly types?: readonly string[];
  /** Milliseconds that a stream may say nothing: longer than between two signs of life of the controller. */
  readonly patience?: number;
  /** Milliseconds before it is tried again, doubled up to half a minute. */
  readonly pause?: number;
};

type Effects = Pick<Context, "fetch" | "signal" | "report">;

/**
 * Everything that happens, until `ctx.signal` ends it: each event once and in order, also over the end and new start of the controller. Throws what the controller refuses it with, and
 * `controller-unreachable` where it was never reached.
 */
export async function* followEvents(
  ctx: Effects,
  access: Access,
  options: FollowOptions = {},
): AsyncGenerator<NumberedEvent, void, void> {
  const { from, pause = 1000 } = options;
  let next = from;
  let wait = pause;
  let wasReached = false;
  while (!ctx.signal.aborted) {
    let isOpen = false;
    try {
      for await (const { id, data } of openStream(ctx, access, { ...options, from: next })) {
        isOpen = true;
        wasReached = true;
        wait = pause;
        if (id !== undefined) next = id + 1;
        if (data !== "") yield JSON.parse(data) as NumberedEvent;
      }
    } catch (error) {
      if (ctx.signal.aborted) return;
      if (!isPassing(error, { wasReached, isOpen })) throw error;
      ctx.report.warn(`${error.message}; trying again`);
    }
    await sleep(wait, ctx.signal);
    wait = Math.min(wait * 2, 30_000);
  }
}

type Opening = Omit<FollowOptions, "from"> & { readonly from: number | undefined };

async function* openStream(ctx: Effects, access: Access, opening: Opening): AsyncGenerator<ServerEvent, void, void> {
  const { from, types = [], patience = 45_000 } = opening;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), patience);
  const wanted = { ...(from === undefined ? {} : { from: String(from) }), types: types.join(",") };
  const token = await access.token?.();
  const headers = { accept: "text/event-stream", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const signal = AbortSignal.any([ctx.signal, silence.signal]);
  try {
    const response = await reach(access.url, () =>
      ctx.fetch(`${access.url}/api/v1/events?${new URLSearchParams(wanted).toString()}`, {
        headers,
        redirect: "manual",
        signal,
      }),
    );
    assertNotMoved(response, access.url);
    if (!response.ok || response.body === null) {
      throw errorOf(await reach(access.url, () => response.text()), { url: access.url, status: response.status });
    }
    for await (const said of readBody(access.url, response.body)) {
      timer.refresh();
      if (said.event === "refused") throw errorOf(said.data, { url: access.url, status: 401 });
      yield said;
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

async function* readBody(url: string, body: ReadableStream<Uint8Array>): ReturnType<typeof readServerEvents> {
  const events = readServerEvents(body);
  for (;;) {
    const { value, done } = await reach(url, () => events.next());
    if (done === true) return;
    yield value;
  }
}

/** What a new start of the controller, or a new token, ends. A token that was expired before it was sent has no newer one. */
function isPassing(
  error: unknown,
  { wasReached, isOpen }: { readonly wasReached: boolean; readonly isOpen: boolean },
): error is IngotError {
  if (!(error instanceof IngotError)) return false;
  return error.code === "token-expired" ? isOpen : error.code === "controller-unreachable" && wasReached;
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
