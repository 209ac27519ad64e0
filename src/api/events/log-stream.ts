import type { InstanceLog } from "../../controller/verbs/read-logs.ts";
import { answerError } from "../error-answer.ts";

/**
 * The output of several instances as one stream of JSON objects, one a line (application/x-ndjson): `{instance, text}`, whole lines where there are any. Nothing is kept for a client that does not read: an
 * instance's output is read as fast as the client takes it.
 */
export function streamLogs(logs: readonly InstanceLog[], signal: AbortSignal): Response {
  const lines = interleave(logs.map((log) => linesOf(log)));
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { value, done } = await lines.next();
          if (done === true) controller.close();
          else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
        } catch (error) {
          if (signal.aborted) return controller.close();
          // The status is long sent: this is how a client learns why.
          controller.enqueue(encoder.encode(`${JSON.stringify({ error: answerError(error).body })}\n`));
          controller.close();
        }
      },
      cancel: async () => {
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

type Next = { readonly from: AsyncGenerator<Line, void, void>; readonly result: IteratorResult<Line, void> };

/** Whatever comes first of any of them; ends when all have. */
async function* interleave(sources: readonly AsyncGenerator<Line, void, void>[]): AsyncGenerator<Line, void, void> {
  const ask = async (from: AsyncGenerator<Line, void, void>): Promise<Next> => ({ from, result: await from.next() });
  const waiting = new Map(sources.map((from) => [from, ask(from)]));
  try {
    while (waiting.size > 0) {
      const { from, result } = await Promise.race(waiting.values());
      if (result.done === true) waiting.delete(from);
      else {
        waiting.set(from, ask(from));
        yield result.value;
      }
    }
  } finally {
    await Promise.all([...waiting.keys()].map((from) => from.return()));
  }
}
