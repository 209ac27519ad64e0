import type { ReadAt } from "./file-fact.ts";

/** Where a section lies in the file. */
export type ElfPart = { readonly offset: number; readonly size: number };

/** No linker makes more; a header that claims them is there to cost time. */
const mostSections = 65_536;
const largestNames = 1 << 20;

/** The section of a name in an ELF file (gabi, "Sections"), 32 or 64 bits, of either byte order; undefined where it has none or is no ELF file. */
export function findElfSection(at: ReadAt, name: string): ElfPart | undefined {
  const shape = readShape(at);
  if (shape === undefined) return undefined;
  const sections = readSections(at, shape);
  const names = sections[shape.namesIndex];
  if (names === undefined) return undefined;
  const table = at(names.offset, Math.min(names.size, largestNames)).toString("latin1");
  return sections.find((section) => table.startsWith(`${name}\0`, section.name));
}

type Shape = {
  readonly wide: boolean;
  readonly little: boolean;
  readonly tableOffset: number;
  readonly entrySize: number;
  readonly count: number;
  readonly namesIndex: number;
};

function readShape(at: ReadAt): Shape | undefined {
  const header = at(0, 64);
  if (header.length < 52 || header.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  const wide = header[4] === 2;
  if (wide && header.length < 64) return undefined;
  const read = fieldReader(header, header[5] !== 2);
  const tail = wide ? 58 : 46;
  return {
    wide,
    little: header[5] !== 2,
    tableOffset: wide ? read(40, 8) : read(32, 4),
    entrySize: read(tail, 2),
    count: Math.min(read(tail + 2, 2), mostSections),
    namesIndex: read(tail + 4, 2),
  };
}

function readSections(at: ReadAt, shape: Shape): readonly (ElfPart & { readonly name: number })[] {
  const { wide, entrySize, count } = shape;
  const smallest = wide ? 64 : 40;
  if (entrySize < smallest || entrySize > 256) return [];
  const table = at(shape.tableOffset, entrySize * count);
  const whole = Math.floor(table.length / entrySize);
  return Array.from({ length: whole }, (_, index) => {
    const read = fieldReader(table.subarray(index * entrySize), shape.little);
    if (wide) return { name: read(0, 4), offset: read(24, 8), size: read(32, 8) };
    return { name: read(0, 4), offset: read(16, 4), size: read(20, 4) };
  });
}

type ReadField = (offset: number, bytes: 2 | 4 | 8) => number;

function fieldReader(buffer: Buffer, little: boolean): ReadField {
  return (offset, bytes) => {
    // Not exact above 2^53, and past the end of any file there.
    if (bytes === 8) return Number(little ? buffer.readBigUInt64LE(offset) : buffer.readBigUInt64BE(offset));
    return little ? buffer.readUIntLE(offset, bytes) : buffer.readUIntBE(offset, bytes);
  };
}
