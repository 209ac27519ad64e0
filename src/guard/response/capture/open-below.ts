import {
  closeSync,
  constants,
  fstatSync,
  opendirSync,
  openSync,
  readSync,
  readlinkSync,
  type BigIntStats,
} from "node:fs";
import { unlessRefused } from "./read-proc.ts";

/** O_PATH of linux/fcntl.h: a place in the tree, without opening what is there. */
const pathOnly = 0o10000000;

/** A name as it is on disk: an attacker need not write UTF-8. */
export type Name = Buffer;

/** Calls `use` with a place (O_PATH) at a path, whatever its last part is; links before it are followed by the kernel. */
export function usePlace<T>(path: string, use: (place: number) => T): T | undefined {
  const place = unlessRefused(() => openSync(path, pathOnly));
  return place === undefined ? undefined : closing(place, use);
}

/**
 * Calls `use` with the place of a name in a folder that is open: of a link, the link itself. So that what is looked at is that which is used, and nothing leads out, however often an attacker swaps one for
 * the other.
 */
export function useChild<T>(folder: number, name: Name, use: (place: number) => T): T | undefined {
  const path = Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), name]);
  const place = unlessRefused(() => openSync(path, pathOnly | constants.O_NOFOLLOW));
  return place === undefined ? undefined : closing(place, use);
}

/** The same through several folders, none of them a link. */
export function useBelow<T>(folder: number, names: readonly Name[], use: (place: number) => T): T | undefined {
  const [first, ...rest] = names;
  if (first === undefined) return use(folder);
  return useChild(folder, first, (place) => useBelow(place, rest, use));
}

export function statPlace(place: number): BigIntStats {
  return fstatSync(place, { bigint: true });
}

/** Where the link `name` leads, as it is written. */
export function readLinkIn(folder: number, name: Name): Buffer {
  const path = Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), name]);
  return unlessRefused(() => readlinkSync(path, { encoding: "buffer" })) ?? Buffer.alloc(0);
}

/** Names in a folder as the kernel gives them, some at a time: there may be a million. */
export function* namesIn(folder: number): Generator<Name> {
  const opened = unlessRefused(() =>
    opendirSync(`/proc/self/fd/${folder}/.`, { encoding: "buffer" as BufferEncoding, bufferSize: 256 }),
  );
  if (opened === undefined) return;
  try {
    for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) {
      yield entry.name as unknown as Buffer;
    }
  } finally {
    opened.closeSync();
  }
}

/** The first `most` bytes of the file that a place is; undefined for what cannot be read. Only for what `statPlace` calls a file: opening a pipe would wait. */
export function readPlace(place: number, most: number): Buffer | undefined {
  const file = unlessRefused(() => openSync(`/proc/self/fd/${place}`, constants.O_RDONLY | constants.O_NONBLOCK));
  if (file === undefined) return undefined;
  return closing(file, () => {
    const buffer = Buffer.allocUnsafe(most);
    let size = 0;
    for (let read = 1; read > 0 && size < most;) {
      read = unlessRefused(() => readSync(file, buffer, size, most - size, null)) ?? 0;
      size += read;
    }
    return buffer.subarray(0, size);
  });
}

function closing<T>(file: number, use: (file: number) => T): T {
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}
