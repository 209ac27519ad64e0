import { closeSync, openSync, readSync } from "node:fs";

/**
 * What SQLite obeys in a file's first bytes and does not check against anything: whether it may be written, by which kind of journal (SQLite file format, "The Database Header").
 * Returns what is not as Ingot writes it.
 */
export function checkHeader(path: string): readonly string[] {
  const header = readHeader(path);
  return expected
    .filter(({ at, bytes }) => !bytes.includes(header[at] ?? -1))
    .map(({ at, means }) => `byte ${at} of the file, ${means}, is ${header[at]}`);
}

const expected: readonly { readonly at: number; readonly bytes: readonly number[]; readonly means: string }[] = [
  { at: 18, bytes: [1, 2], means: "how it may be written" },
  { at: 19, bytes: [1, 2], means: "how it may be read" },
];

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(100);
  const file = openSync(path, "r");
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  return header;
}
