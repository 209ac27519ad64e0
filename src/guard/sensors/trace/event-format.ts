import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where a field of an event lies in its bytes. */
export type EventField = {
  readonly offset: number;
  readonly size: number;
  /** `__data_loc`: four bytes, the text's offset below and its length above, in 16 bits each. */
  readonly isLocated: boolean;
};

export type EventFormat = {
  readonly name: string;
  readonly id: number;
  readonly fields: ReadonlyMap<string, EventField>;
};

/** Reads the `format` file of an event: field places differ between kernels. `folder`: `TRACEFS/events/sched/sched_process_exec`. */
export function readEventFormat(folder: string): EventFormat {
  return parseEventFormat(readFileSync(join(folder, "format"), "utf8"));
}

export function parseEventFormat(text: string): EventFormat {
  const name = /^name: (\S+)$/m.exec(text)?.[1] ?? "";
  const id = Number(/^ID: (\d+)$/m.exec(text)?.[1]);
  const lines = text.matchAll(/^\tfield:([^;]+);\toffset:(\d+);\tsize:(\d+);/gm);
  const fields = [...lines].map(([, declaration = "", offset, size]) => {
    // `char comm[16]`, `__data_loc char[] filename`, `const struct cred * cred`.
    const field = /(\w+)(?:\[\w*\])?$/.exec(declaration)?.[1] ?? "";
    const isLocated = declaration.startsWith("__data_loc");
    return [field, { offset: Number(offset), size: Number(size), isLocated }] as const;
  });
  return { name, id, fields: new Map(fields) };
}

/** An event as it lies in the kernel's buffer. `at`: where its data begins in `page`. */
export type RawEvent = {
  /** Nanoseconds of the trace's clock. */
  readonly time: number;
  readonly type: number;
  /** The thread that it happened in. */
  readonly pid: number;
  readonly data: Buffer;
};

export function numberOf({ data }: RawEvent, field: EventField | undefined): number {
  if (field === undefined || field.offset + 4 > data.length) return 0;
  return data.readInt32LE(field.offset);
}

/** A kernel address, or another number of 64 bits. */
export function wideOf({ data }: RawEvent, field: EventField | undefined): bigint {
  if (field === undefined || field.offset + 8 > data.length) return 0n;
  return data.readBigUInt64LE(field.offset);
}

/** Text up to its NUL, byte by byte as the process gave it: names need not be UTF-8, and nothing in one can be taken for another field. */
export function textOf({ data }: RawEvent, field: EventField | undefined): string {
  if (field === undefined || field.offset + 4 > data.length) return "";
  const location = data.readUInt32LE(field.offset);
  const [start, size] = field.isLocated ? [location & 0xffff, location >>> 16] : [field.offset, field.size];
  const bytes = data.subarray(start, start + size);
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}
