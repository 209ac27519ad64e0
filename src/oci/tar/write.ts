import type { TarEntry, TarEntryType, TarHeader } from "./entry.ts";
import { blockSize, fields, paddingOf, sumHeader, writeOctal } from "./fields.ts";
import { formatPax, xattrKeyword } from "./pax.ts";

/** The archive of `entries` in their order, as pieces to write one after the other; contents are not copied. */
export function* tarChunks(entries: Iterable<TarEntry>): Generator<Buffer, void, undefined> {
  for (const entry of entries) {
    yield tarHeaderBlocks(entry);
    if (entry.size === 0) continue;
    yield entry.content;
    const padding = paddingOf(entry.size);
    if (padding > 0) yield zeros.subarray(0, padding);
  }
  yield tarEnd;
}

/** The archive of `entries` as one buffer. The same entries give the same bytes, on any machine. */
export function writeTar(entries: Iterable<TarEntry>): Buffer {
  return Buffer.concat([...tarChunks(entries)]);
}

const zeros = Buffer.alloc(blockSize);

/** Two zero blocks. No padding to a record of 20 blocks: layers are not written to tape. */
export const tarEnd: Buffer = Buffer.alloc(2 * blockSize);

/**
 * The header of an entry: one ustar block, and a pax header before it only for what ustar cannot say (long or non-ASCII names, large numbers,
 * extended attributes). No user names, no access times: they differ from host to host.
 */
export function tarHeaderBlocks(header: TarHeader): Buffer {
  const records = new Map<string, Buffer>();
  for (const [name, value] of header.xattrs) records.set(xattrKeyword + name, value);
  const block = ustarBlock(header, records);
  if (records.size === 0) return block;
  const body = formatPax(records);
  return Buffer.concat([paxBlock(body.length), body, zeros.subarray(0, paddingOf(body.length)), block]);
}

/** Fills in a block; what does not fit goes to `records`. */
function ustarBlock(header: TarHeader, records: Map<string, Buffer>): Buffer {
  const block = Buffer.alloc(blockSize);
  writeName(block, header, records);
  writeLinkname(block, header.linkname, records);
  writeOctal(block, fields.mode, header.mode);
  for (const key of ["uid", "gid", "size", "mtime"] as const) {
    if (writeOctal(block, fields[key], header[key])) continue;
    records.set(key, Buffer.from(String(header[key])));
    writeOctal(block, fields[key], 0);
  }
  writeOctal(block, fields.major, header.device?.major ?? 0);
  writeOctal(block, fields.minor, header.device?.minor ?? 0);
  return seal(block, typeFlags[header.type]);
}

/** In the name field, or cut at a slash between prefix and name, or in a pax record. */
function writeName(block: Buffer, header: TarHeader, records: Map<string, Buffer>): void {
  const path = header.type === "directory" ? `${header.path || "."}/` : header.path;
  if (writeAscii(block, fields.name, path)) return;
  const cut = prefixCut(path);
  if (cut > 0 && isAscii(path)) {
    block.write(path.slice(cut + 1), ...fields.name, "latin1");
    block.write(path.slice(0, cut), ...fields.prefix, "latin1");
    return;
  }
  records.set("path", Buffer.from(path));
  writeStart(block, fields.name, path);
}

function writeLinkname(block: Buffer, linkname: string, records: Map<string, Buffer>): void {
  if (writeAscii(block, fields.linkname, linkname)) return;
  records.set("linkpath", Buffer.from(linkname));
  // libarchive takes a link without a name in the block for an empty file, whatever the pax record says.
  writeStart(block, fields.linkname, linkname);
}

/** The first bytes of what a pax record says whole. */
function writeStart(block: Buffer, [start, length]: readonly [number, number], text: string): void {
  Buffer.from(text).copy(block, start, 0, length);
}

/** The first slash that leaves a name short enough, when the prefix in front of it is short enough too; else 0. */
function prefixCut(path: string): number {
  const cut = path.indexOf("/", path.length - fields.name[1] - 1);
  return cut > 0 && cut <= fields.prefix[1] && cut < path.length - 1 ? cut : 0;
}

/** Writes text that fits and is plain ASCII; else nothing, and false. */
function writeAscii(block: Buffer, [start, length]: readonly [number, number], text: string): boolean {
  if (text.length > length || !isAscii(text)) return false;
  block.write(text, start, length, "latin1");
  return true;
}

/** Printable ASCII, that is; anything else is safer in a pax record. */
function isAscii(text: string): boolean {
  return !/[^ -~]/.test(text);
}

function paxBlock(size: number): Buffer {
  const block = Buffer.alloc(blockSize);
  block.write("././@PaxHeader", ...fields.name, "latin1");
  writeOctal(block, fields.mode, 0o644);
  for (const key of ["uid", "gid", "mtime", "major", "minor"] as const) writeOctal(block, fields[key], 0);
  writeOctal(block, fields.size, size);
  return seal(block, "x");
}

/** Type, magic and checksum. */
function seal(block: Buffer, typeFlag: string): Buffer {
  block.write(typeFlag, fields.type[0], 1, "latin1");
  block.write("ustar\x0000", ...fields.magic, "latin1");
  // Six digits, NUL, space: as historic tar writes it, and as the strictest readers want it.
  const sum = sumHeader(block).toString(8).padStart(6, "0");
  block.write(`${sum}\0 `, ...fields.checksum, "latin1");
  return block;
}

const typeFlags: Readonly<Record<TarEntryType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};
