import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { readReady } from "../../../ground/libc.ts";
import type { RawEvent } from "./event-format.ts";
import type { FileWaiter } from "./file-waiter.ts";
import { parseRingPage } from "./ring-page.ts";
import { listBuffers } from "./trace-folder.ts";

export type BufferReader = {
  /** Events that the kernel says it dropped. */
  readonly lost: () => number;
  /** Reads what is there now, without waiting to be told. */
  readonly drain: () => void;
  readonly close: () => void;
};

export type BufferReaderOptions = {
  readonly instances: readonly string[];
  readonly waiter: FileWaiter;
  /** In the order in which they happened, over all processors. */
  readonly onEvents: (events: readonly RawEvent[]) => void;
};

const pageSize = 4096;
/** One drain takes at most so many pages of one buffer, so that others are heard in a flood. */
const mostPages = 256;

/**
 * Reads the buffers of all processors and puts their events in order. A process may be made on one processor and execute on another: what happened after the drain began is
 * held back until the next one, since what happened before it may lie in a buffer that was read already.
 */
export function readBuffers({ instances, waiter, onEvents }: BufferReaderOptions): BufferReader {
  const files = instances.flatMap(listBuffers).map(openBuffer);
  let held: RawEvent[] = [];
  let lost = 0;
  let isPlanned = false;
  let isClosed = false;
  const take = (): void => {
    isPlanned = false;
    if (isClosed) return;
    const began = Number(process.hrtime.bigint());
    const all = held;
    let isMore = false;
    for (const file of files) {
      const read = readPages(file, all);
      lost += read.lost;
      isMore ||= read.isMore;
    }
    // Events carry the time of their beginning: one that began before and is not yet whole is at most some microseconds late.
    all.sort((a, b) => a.time - b.time);
    const count = all.findLastIndex(({ time }) => time <= began) + 1;
    held = all.slice(count);
    if (count > 0) onEvents(count === all.length ? all : all.slice(0, count));
    if (held.length > 0 || isMore) plan();
  };
  const plan = (): void => {
    if (isPlanned) return;
    isPlanned = true;
    setImmediate(take);
  };
  for (const file of files) waiter.add(file, "data", plan);
  return { lost: () => lost, drain: take, close };

  function close(): void {
    isClosed = true;
    for (const file of files) {
      waiter.remove(file);
      closeSync(file);
    }
  }
}

function openBuffer(folder: string): number {
  return openSync(join(folder, "trace_pipe_raw"), constants.O_RDONLY | constants.O_NONBLOCK);
}

function readPages(file: number, into: RawEvent[]): { readonly lost: number; readonly isMore: boolean } {
  let lost = 0;
  for (let pages = 0; pages < mostPages; pages += 1) {
    // Its events keep pointing into it: each page is its own.
    const page = Buffer.allocUnsafe(pageSize);
    if (readReady(file, page) < pageSize) return { lost, isMore: false };
    const parsed = parseRingPage(page);
    for (const event of parsed.events) into.push(event);
    lost += parsed.lost;
  }
  return { lost, isMore: true };
}
