import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { digestOf } from "../../oci/digest.ts";
import type { HashAnswer, HashOrder } from "./hash-thread.ts";

/** Digests of files while they grow, on a thread of their own: no other request waits for them, and they are there soon after the last byte. */
export type FileHasher = {
  /** The file has `size` bytes by now, of which `written` are the last. Their memory may be gone when this returns: hashing them costs half of what reading them again does. */
  readonly grown: (path: string, size: number, written: readonly Buffer[]) => void;
  /** Of the first `size` bytes of the file; of fewer where it is shorter. */
  readonly digest: (path: string, size: number) => Promise<string>;
  /** The file is gone, or will be another one. */
  readonly forget: (path: string) => void;
  readonly close: () => Promise<void>;
};

/** Bytes up to which a thread is not worth its while. */
const small = 1 << 20;
/** More buffers than that cost more to hand over than to read again. */
const mostHandedOver = 64;
/** Milliseconds after which a thread with nothing to do ends: it holds some megabytes. */
const patience = 60_000;

export function openFileHasher(): FileHasher {
  const thread = openThread();
  let asked = 0;
  return {
    grown: (path, size, written) => {
      if (size > small) thread.send({ path, size, ...(isWorthGiving(written) ? { bytes: written } : {}) });
    },
    digest: async (path, size) => {
      if (size <= small) return digestOf((await readFile(path)).subarray(0, size));
      return thread.ask({ path, size, id: (asked += 1) });
    },
    forget: thread.forget,
    close: thread.end,
  };
}

/** Each must have its memory for itself. */
function isWorthGiving(written: readonly Buffer[]): written is readonly Buffer<ArrayBuffer>[] {
  if (written.length > mostHandedOver) return false;
  return written.every(({ buffer, length }) => buffer instanceof ArrayBuffer && buffer.byteLength === length);
}

type Thread = {
  readonly send: (order: HashOrder) => void;
  readonly ask: (order: HashOrder & { readonly id: number }) => Promise<string>;
  readonly forget: (path: string) => void;
  readonly end: () => Promise<void>;
};

/** Started by the first order. What it has hashed is lost when it ends: the next one reads the file from its begin. */
function openThread(): Thread {
  const waiting = new Map<number, PromiseWithResolvers<string>>();
  let worker: Worker | undefined;
  const end = async (): Promise<void> => {
    clearTimeout(idle);
    const ending = worker;
    worker = undefined;
    await ending?.terminate();
  };
  const idle = setTimeout(() => void (waiting.size === 0 ? end() : idle.refresh()), patience).unref();
  const start = (): Worker => {
    const started = new Worker(new URL("hash-thread.ts", import.meta.url));
    started.unref();
    started.on("message", ({ id, digest, error }: HashAnswer) => {
      if (digest === undefined) waiting.get(id)?.reject(error);
      else waiting.get(id)?.resolve(digest);
      waiting.delete(id);
      if (waiting.size === 0) started.unref();
    });
    started.once("error", (error) => {
      if (worker === started) worker = undefined;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    });
    return started;
  };
  const send = (order: HashOrder): Worker => {
    worker ??= start();
    worker.postMessage(
      order,
      (order.bytes ?? []).map(({ buffer }) => buffer),
    );
    idle.refresh();
    return worker;
  };
  return {
    send,
    ask: (order) => {
      const answer = Promise.withResolvers<string>();
      waiting.set(order.id, answer);
      send(order).ref();
      return answer.promise;
    },
    forget: (path) => worker?.postMessage({ path } satisfies HashOrder),
    end,
  };
}
