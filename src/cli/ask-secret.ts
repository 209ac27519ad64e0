import type { ReadStream } from "node:tty";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";

/** How a person at the terminal is asked for a secret; undefined where input or messages go elsewhere: then nobody would answer. */
export function secretAsker(signal: AbortSignal): Context["askSecret"] {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  return (question) => askSecret(process.stdin, { question, signal });
}

/** Reads one line without showing it. Throws `cancelled` on Ctrl-C. */
async function askSecret(
  input: ReadStream,
  { question, signal }: { question: string; signal: AbortSignal },
): Promise<string> {
  // Character by character, for only in this mode the terminal does not echo them; before the question, which a program may answer at once.
  input.setRawMode(true).setEncoding("utf8");
  process.stderr.write(question);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const stop = (): void => reject(new IngotError("cancelled", "stopped at the question for a passphrase"));
  let typed: readonly string[] = [];
  const read = (text: string): void => {
    for (const character of text) {
      const next = applyKey(typed, character);
      if (next === "stop") return stop();
      if (next === "done") return resolve(typed.join(""));
      typed = next;
    }
  };
  // Resumed by hand: after the first question it stands still.
  input.on("data", read).on("end", stop).resume();
  signal.addEventListener("abort", stop);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
    input.off("data", read).off("end", stop).setRawMode(false).pause();
    process.stderr.write("\n");
  }
}

/** What a key does to the line that is typed. */
function applyKey(typed: readonly string[], character: string): readonly string[] | "done" | "stop" {
  switch (character) {
    case "\r":
    case "\n":
    case "\u0004":
      return "done";
    case "\u0003":
      return "stop";
    case "\b":
    case "\u007f":
      return typed.slice(0, -1);
    // Ctrl-U: the whole line.
    case "\u0015":
      return [];
    default:
      return typed.length < 4096 ? [...typed, character] : typed;
  }
}
