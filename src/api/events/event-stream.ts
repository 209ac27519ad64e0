import type { Ledger } from "../../ledger/ledger.ts";
import type { NumberedEvent } from "../../ledger/event.ts";

export type StreamOptions = {
  /** The first event that is wanted; absent: only what happens from now on. */
  readonly from?: number;
  /** Types that are wanted, such as `release.created`, or all of a kind by `release.*`; empty: all. */
  readonly types: readonly string[];
  readonly signal: AbortSignal;
  /** Milliseconds between two signs of life on a quiet stream; proxies close what says nothing. */
  readonly heartbeat?: number;
};

/**
 * Everything that happens, as server-sent events (HTML standard, section 9.2): the event's number is its id, so that a client that was cut off goes on where it was (`Last-Event-ID`).
 * A client that reads too slowly is let go, and comes back by itself.
 */
export function streamEvents(ledger: Ledger, options: StreamOptions): Response {
  const { signal, heartbeat = 15_000 } = options;
  let end = (): void => {};
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const send = (text: string): void => {
          // Attack: a reader that never reads fills the memory of the server.
          if ((controller.desiredSize ?? 0) < -mostBuffered) finish();
          else controller.enqueue(encoder.encode(text));
        };
        let next = options.from ?? ledger.log.checkpoint().size;
        const pass = (event: NumberedEvent): void => {
          if (event.index < next) return;
          next = event.index + 1;
          if (isWanted(event.type, options.types)) send(format(event));
        };
        const timer = setInterval(() => send(": still here\n\n"), heartbeat).unref();
        const unsubscribe = ledger.subscribe(pass);
        const finish = (): void => {
          end = () => {};
          clearInterval(timer);
          unsubscribe();
          signal.removeEventListener("abort", finish);
          controller.close();
        };
        end = finish;
        signal.addEventListener("abort", finish, { once: true });
        send("retry: 1000\n\n");
        for (const event of ledger.events(next)) pass(event);
      },
      cancel: () => end(),
    },
    { highWaterMark: 0, size: (chunk) => chunk.length },
  );
  return new Response(stream, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" },
  });
}

const encoder = new TextEncoder();
const mostBuffered = 32 << 20;

function format(event: NumberedEvent): string {
  return `id: ${event.index}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function isWanted(type: string, types: readonly string[]): boolean {
  if (types.length === 0) return true;
  return types.some((wanted) => (wanted.endsWith(".*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted));
}
