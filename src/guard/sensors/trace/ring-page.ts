import type { RawEvent } from "./event-format.ts";

/** What one page of a processor's buffer held. */
export type RingPage = {
  readonly events: readonly RawEvent[];
  /** Events that the kernel dropped before this page since nobody had read them; 1 where it does not say how many. */
  readonly lost: number;
};

/** Flags of the page's `commit` word: kernel/trace/ring_buffer.c, RB_MISSED_EVENTS and RB_MISSED_STORED. */
const missedEvents = 0x8000_0000;
const missedStored = 0x4000_0000;
const lengthMask = 0x000f_ffff;
const headerSize = 16;

/** Values of `type_len` that are no event: `events/header_event` in tracefs. */
const padding = 29;
const timeExtend = 30;
const timeStamp = 31;
/** Of an absolute time stamp, the bits that the event holds. */
const absoluteBits = 2 ** 59;

/**
 * Takes apart a page as `per_cpu/cpuN/trace_pipe_raw` gives it. The text of `trace_pipe` cannot be taken apart for certain: a program's file may be named
 * `x pid=1 old_pid=1`, with a line break in it.
 */
export function parseRingPage(page: Buffer): RingPage {
  const commit = page.readUInt32LE(8);
  const end = Math.min(headerSize + (commit & lengthMask), page.length);
  const events: RawEvent[] = [];
  let time = Number(page.readBigUInt64LE(0));
  for (let at = headerSize; at + 4 <= end;) {
    const word = page.readUInt32LE(at);
    const kind = word & 0x1f;
    const delta = word >>> 5;
    if (kind === padding && delta === 0) break;
    const extra = kind === 0 || kind >= padding ? page.readUInt32LE(at + 4) : 0;
    if (kind === timeExtend) time += extra * 2 ** 27 + delta;
    else if (kind === timeStamp) time = Math.floor(time / absoluteBits) * absoluteBits + extra * 2 ** 27 + delta;
    else time += delta;
    const size = sizeOf(kind, extra);
    // Cut off, or no page of events: nothing after this can be believed either.
    if (at + size > end) break;
    if (kind < padding) pushEvent(events, time, page.subarray(at + (kind === 0 ? 8 : 4), at + size));
    at += size;
  }
  return { events, lost: lostBefore(page, commit, end) };
}

/** Bytes of an entry with its header. */
function sizeOf(kind: number, extra: number): number {
  if (kind === timeExtend || kind === timeStamp) return 8;
  return kind === 0 || kind === padding ? extra + 4 : kind * 4 + 4;
}

function pushEvent(events: RawEvent[], time: number, data: Buffer): void {
  if (data.length < 8) return;
  // Every event begins with common_type, common_flags, common_preempt_count, common_pid.
  events.push({ time, type: data.readUInt16LE(0), pid: data.readInt32LE(4), data });
}

function lostBefore(page: Buffer, commit: number, end: number): number {
  if ((commit & missedEvents) === 0) return 0;
  if ((commit & missedStored) === 0 || end + 8 > page.length) return 1;
  return Number(page.readBigUInt64LE(end));
}
