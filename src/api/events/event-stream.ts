import { setImmediate } from "node:timers/promises";
import { isWantedEvent } from "../../controller/events/is-wanted-event.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { answerError } from "../error-answer.ts";
import { openWakeUp, type WakeUp } from "./wake-up.ts";

export type StreamOptions = {
  /** The first event that is wanted. */
  readonly from: number;
  /** Types that are wanted, such as `release.created`, or all of a kind by `release.*`; empty: all. */
  readonly types: readonly string[];
  readonly signal: AbortSignal;
  /** Throws when whoever asked may not read on: the stream ends with that. */
  readonly recheck: () => Promise<void>;
  /** Milliseconds between two signs of life on a quiet stream; proxies close what says nothing. */
  readonly heartbeat?: number;
};

/**
 * Everything that happens, as server-sent events (HTML standard, section 9.2): the event's number is its id, so that a client that was cut off goes on where it was (`Last-Event-ID`).
 * Events are read from the log when the client has taken those before. Attack: a reader that never reads fills the memory of the server; here nothing is kept for it.
 */
export function streamEvents(ledger: Ledger, options: StreamOptions): Response {
  const wakeUp = openWakeUp(ledger, options.signal);
  const texts = tellEvents(ledger, options, wakeUp);
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { value, done } = await texts.next();
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      cancel: wakeUp.close,
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" },
  });
}

const encoder = new TextEncoder();

async function* tellEvents(ledger: Ledger, options: StreamOptions, wakeUp: WakeUp): AsyncGenerator<string, void, void> {
  const { heartbeat = 15_000, types } = options;
  let next = options.from;
  try {
    // An id without data is remembered and no event: whoever is cut off before the first one misses none of those between.
    yield `retry: 1000\n${next === 0 ? "" : `id: ${next - 1}\n`}\n`;
    while (!wakeUp.isOver()) {
      await options.recheck();
      const { text, end } = readSome(ledger, next, types);
      const isIdle = end === next;
      next = end;
      if (text !== "") yield text;
      // Others' turn: there may be a million that are not wanted.
      else if (!isIdle) await setImmediate();
      else if ((await wakeUp.wait(heartbeat)) === "late") yield ": still here\n\n";
    }
  } catch (error) {
    // The status is long sent: this is how a client learns why.
    yield `event: refused\ndata: ${JSON.stringify(answerError(error).body)}\n\n`;
  } finally {
    wakeUp.close();
  }
}

/** As many as an entry bundle holds, which is read at a time anyway; and characters, since a reader may be slow. */
const mostAtOnce = 256;
const mostText = 256 << 10;

type Some = { readonly text: string; readonly end: number };

function readSome(ledger: Ledger, from: number, types: readonly string[]): Some {
  const end = Math.min(ledger.log.checkpoint().size, from + mostAtOnce);
  if (from >= end) return { text: "", end: from };
  let text = "";
  for (const event of ledger.events(from)) {
    if (event.index >= end || text.length >= mostText) return { text, end: event.index };
    if (isWantedEvent(event.type, types)) {
      text += `id: ${event.index}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
    }
  }
  return { text, end };
}
