import { tarMalformed, type TarPosition } from "./malformed.ts";

/** Size of a header, and the multiple that content is padded to (POSIX pax, "ustar Interchange Format"). */
export const blockSize = 512;

/** Bytes of padding behind `size` bytes of content. */
export function paddingOf(size: number): number {
  return -size & (blockSize - 1);
}

/** Offset and length of the fields of a header block. */
export const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [number, number]>;

type Field = readonly [number, number];

const fatalUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A string up to its NUL or the end of the field. A name that is not UTF-8 is refused: it would not be the same name when written again. */
export function readText(block: Buffer, [start, length]: Field, position: TarPosition): string {
  let end = start;
  let isAscii = true;
  for (; end < start + length; end++) {
    const byte = block[end] as number;
    if (byte === 0) break;
    if (byte >= 0x80) isAscii = false;
  }
  return isAscii ? block.toString("latin1", start, end) : decodeUtf8(block.subarray(start, end), position);
}

export function decodeUtf8(bytes: Buffer, position: TarPosition): string {
  try {
    return fatalUtf8.decode(bytes);
  } catch (cause) {
    throw tarMalformed(`the name 0x${bytes.toString("hex")} is not UTF-8`, position, cause);
  }
}

/** A number in octal digits, or in base 256 when the first bit is set (GNU and star, for what octal cannot hold). */
export function readNumber(block: Buffer, [start, length]: Field, position: TarPosition): number {
  if ((block[start] as number) & 0x80) return readBase256(block, [start, length], position);
  let value = 0;
  let at = start;
  const end = start + length;
  while (at < end && block[at] === space) at++;
  for (; at < end; at++) {
    const byte = block[at] as number;
    if (byte === 0 || byte === space) break;
    if (byte < zero || byte > seven) {
      throw tarMalformed(`${JSON.stringify(block.toString("latin1", start, end))} is not an octal number`, position);
    }
    value = value * 8 + (byte - zero);
  }
  return value;
}

function readBase256(block: Buffer, [start, length]: Field, position: TarPosition): number {
  const bits = BigInt(length * 8);
  const raw = BigInt(`0x${block.toString("hex", start, start + length)}`);
  // The first bit only marks the format; the sign is the one below it.
  const value = BigInt.asIntN(Number(bits) - 1, raw);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw tarMalformed(`the number ${value} is too large`, position);
  return number;
}

/** The sum of a header's bytes with its checksum field taken as spaces. */
export function sumHeader(block: Buffer): number {
  let sum = 0;
  for (let at = 0; at < blockSize; at++) sum += block[at] as number;
  const [start, length] = fields.checksum;
  for (let at = start; at < start + length; at++) sum += space - (block[at] as number);
  return sum;
}

/** The same sum over signed bytes, as some old archivers made it. */
export function sumHeaderSigned(block: Buffer): number {
  let sum = 0;
  for (let at = 0; at < blockSize; at++) sum += block.readInt8(at);
  const [start, length] = fields.checksum;
  for (let at = start; at < start + length; at++) sum += space - block.readInt8(at);
  return sum;
}

/** Writes an octal number, zero-padded with a final NUL; false when it does not fit. */
export function writeOctal(block: Buffer, [start, length]: Field, value: number): boolean {
  const text = value.toString(8);
  if (value < 0 || text.length >= length) return false;
  block.write(text.padStart(length - 1, "0"), start, length - 1, "latin1");
  return true;
}

const space = 0x20;
const zero = 0x30;
const seven = 0x37;
