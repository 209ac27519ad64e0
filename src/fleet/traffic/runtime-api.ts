import { connect } from "node:net";
import { IngotError, isErrno } from "../../ground/error.ts";

/**
 * Gives commands to a HAProxy by its socket (Management Guide 2.6, 9.3) and returns all it answered. Undefined: nobody listens there. Throws `proxy-failed` where it does
 * not answer.
 */
export async function tellProxy(socket: string, commands: readonly string[]): Promise<string | undefined> {
  const answers: string[] = [];
  for (const line of inLines(commands)) {
    const answer = await tellOnce(socket, line);
    if (answer === undefined) return undefined;
    answers.push(answer);
  }
  return answers.join("");
}

/** HAProxy reads a line into a buffer of 16 kB. */
const longestLine = 8000;

function inLines(commands: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const command of commands) {
    const last = lines.at(-1);
    if (last === undefined || last.length + command.length > longestLine) lines.push(command);
    else lines[lines.length - 1] = `${last};${command}`;
  }
  return lines;
}

/** Milliseconds. */
const patience = 5000;

async function tellOnce(path: string, line: string): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const socket = connect(path);
  const chunks: Buffer[] = [];
  const timer = setTimeout(() => socket.destroy(silent(path)), patience);
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("end", () => resolve(Buffer.concat(chunks).toString()));
  socket.on("error", (error) => (isNobody(error) ? resolve(undefined) : reject(asIngotError(path, error))));
  socket.on("close", () => {
    clearTimeout(timer);
    reject(silent(path));
  });
  // Not its end as well: HAProxy takes that for the end of whoever asked.
  socket.write(`${line}\n`);
  return promise;
}

/** No socket, or one whose process is gone, now or while it was asked. */
function isNobody(error: Error): boolean {
  return ["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE"].some((code) => isErrno(error, code));
}

function asIngotError(path: string, error: Error): IngotError {
  if (error instanceof IngotError) return error;
  return new IngotError("proxy-failed", `HAProxy cannot be asked at ${path}: ${error.message}`, { cause: error });
}

function silent(path: string): IngotError {
  return new IngotError("proxy-failed", `HAProxy does not answer at ${path}`, {
    hint: "end its process; the controller starts it again",
  });
}
