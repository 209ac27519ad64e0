import { Readable } from "node:stream";
import type { Container } from "dockerode";
import type { InstanceId, LogRequest } from "../runtime.ts";
import { knownContainer } from "./container.ts";
import { reach } from "./daemon.ts";
import { demultiplex } from "./demultiplex.ts";
import type { Engine } from "./engine.ts";

/** What a container printed, as the engine keeps it: eight megabytes a file, four files. */
export async function* containerLogs(
  engine: Engine,
  id: InstanceId,
  request: LogRequest = {},
): AsyncGenerator<Uint8Array> {
  const { Id } = await knownContainer(engine, id);
  const { streams, socket } = await engine.daemon();
  const { tail, follow = false, signal } = request;
  if (tail === 0 && !follow) return;
  const options = { stdout: true, stderr: true, ...(tail === undefined ? {} : { tail }) };
  const container = streams.getContainer(Id);
  if (!follow) {
    const answer = await reach(socket, () => container.logs({ ...options, follow: false }));
    yield* demultiplex(Readable.from([asBuffer(answer)]));
    return;
  }
  const stream = (await reach(socket, () => container.logs({ ...options, follow: true }))) as Readable;
  const stop = (): void => void stream.destroy();
  signal?.addEventListener("abort", stop);
  try {
    yield* demultiplex(stream);
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
    stream.destroy();
  }
}

/** The last lines, for an error. */
export async function lastPrinted(container: Container): Promise<string> {
  const pieces: Buffer[] = [];
  const answer = await container.logs({ stdout: true, stderr: true, tail: 10, follow: false });
  for await (const piece of demultiplex(Readable.from([asBuffer(answer)]))) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8").trimEnd();
}

/** The client parses what happens to be JSON. */
function asBuffer(answer: unknown): Buffer {
  return Buffer.isBuffer(answer) ? answer : Buffer.from(JSON.stringify(answer) ?? "");
}
