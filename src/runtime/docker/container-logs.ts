import { Readable } from "node:stream";
import type { Container } from "dockerode";
import { readRecord } from "../instance-record.ts";
import { isSameProcess } from "../process-identity.ts";
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
  const end = endWith(engine, id, stream);
  signal?.addEventListener("abort", stop);
  try {
    yield* demultiplex(stream);
  } catch (error) {
    if (signal?.aborted !== true && !end.isOver()) throw error;
  } finally {
    end.cancel();
    signal?.removeEventListener("abort", stop);
    stream.destroy();
  }
}

const drainTime = 500;

/** podman without a log of events goes on following what has ended: the process tells of the end, and what it printed last has a moment to arrive. */
function endWith(engine: Engine, id: InstanceId, stream: Readable): { isOver: () => boolean; cancel: () => void } {
  const process = readRecord(engine.paths, id)?.running?.process;
  let gone: number | undefined;
  const timer = setInterval(() => {
    if (process !== undefined && isSameProcess(process)) return;
    gone ??= Date.now();
    if (Date.now() - gone >= drainTime) stream.destroy();
  }, 100);
  return { isOver: () => gone !== undefined, cancel: () => clearInterval(timer) };
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
