import type { InstanceLog } from "../../controller/verbs/read-logs.ts";
import { answerError } from "../error-answer.ts";

export type LogStreamOptions = {
  /** The client has gone, or the server ends. */
  readonly signal: AbortSignal;
  /** Ends what is read: an instance that says nothing would else be listened to for ever. */
  readonly end: () => void;
  /** Throws when whoever asked may not read on: the stream ends with that. */
  readonly recheck: () => Promise<void>;
  /** Milliseconds between two signs of life (an empty line) while nothing is printed: servers and proxies close what says nothing. */
  readonly heartbeat?: number;
};

/**
 * The output of several instances as one stream of JSON objects, one a line (application/x-ndjson): `{instance, text}`, whole lines where there are any. Nothing is kept for a client that does not read: an
 * instance's output is read as fast as the client takes it.
 */
export function streamLogs(logs: readonly InstanceLog[], options: LogStreamOptions): Response {
  const { signal, end, recheck, heartbeat = 15_000 } = options;
  const lines = interleave(
    logs.map((log) => linesOf(log)),
    { end, heartbeat },
  );
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { value, done } = await lines.next();
          if (done === true) return controller.close();
          await recheck();
          controller.enqueue(encoder.encode(value === undefined ? "\n" : `${JSON.stringify(value)}\n`));
        } catch (error) {
          end();
          // The status is long sent: this is how a client learns why.
          if (!signal.aborted)
            controller.enqueue(encoder.encode(`${JSON.stringify({ error: answerError(error).body })}\n`));
          controller.close();
          await lines.return();
        }
      },
      cancel: async () => {
        end();
        await lines.return();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, {
    headers: { "Content-Type": "application/x-ndjson", "Cache-Control": "no-store", "X-Accel-Buffering": "no" },
  });
}

type Line = { readonly instance: string; readonly text: string };

const encoder = new TextEncoder();

async function* linesOf({ instance, bytes }: InstanceLog): AsyncGenerator<Line, void, void> {
  // A character may be cut between two pieces.
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of bytes) {
    rest += decoder.decode(piece, { stream: true });
    const end = rest.lastIndexOf("\n") + 1;
    if (end > 0) yield { instance, text: rest.slice(0, end) };
    rest = rest.slice(end);
    // A program that never ends its line.
    if (rest.length > mostLine) {
      yield { instance, text: rest };
      rest = "";
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield { instance, text: rest };
}

const mostLine = 64 * 1024;

type Source = AsyncGenerator<Line, void, void>;
type Next = { readonly from: Source; readonly result: Promise<IteratorResult<Line, void>> };

/**
 * Whatever comes first of any of them; ends when all have. Each is asked once and told of when it answers: a race of all for each line would leave something behind at those that say nothing, line after line, for
 * days. Undefined: nothing for so long.
 */
async function* interleave(
  sources: readonly Source[],
  { end, heartbeat }: Required<Pick<LogStreamOptions, "end" | "heartbeat">>,
): AsyncGenerator<Line | undefined, void, void> {
  const ready: Next[] = [];
  let wake = (): void => {};
  const ask = (from: Source): void => {
    const result = from.next();
    const told = (): void => {
      ready.push({ from, result });
      wake();
    };
    result.then(told, told);
  };
  for (const source of sources) ask(source);
  try {
    for (let open = sources.length; open > 0;) {
      const next = ready.shift();
      if (next === undefined) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(resolve, heartbeat);
        await promise;
        clearTimeout(timer);
        if (ready.length === 0) yield undefined;
        continue;
      }
      const { done, value } = await next.result;
      if (done === true) {
        open -= 1;
        continue;
      }
      ask(next.from);
      yield value;
    }
  } finally {
    end();
    await Promise.allSettled(sources.map((from) => from.return()));
  }
}
