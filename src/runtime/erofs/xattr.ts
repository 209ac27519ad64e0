import { alignUp } from "./format.ts";

const headerSize = 12;
const prefixes: readonly (readonly [prefix: string, index: number])[] = [
  ["user.", 1],
  ["system.posix_acl_access", 2],
  ["system.posix_acl_default", 3],
  ["trusted.", 4],
  ["security.", 6],
];

/** The extended attributes that follow an inode (`erofs_xattr_ibody_header` and its entries); empty when there are none. */
export function encodeXattrs(xattrs: ReadonlyMap<string, Buffer>): Buffer {
  const entries = [...xattrs]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value]) => encodeEntry(name, value));
  return entries.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.alloc(headerSize), ...entries]);
}

/** What `i_xattr_icount` says for an encoded body: units of four bytes, the header counting as one. */
export function xattrCount(body: Buffer): number {
  return body.length === 0 ? 0 : (body.length - headerSize) / 4 + 1;
}

/** A name outside the kernel's known families cannot be stored, nor could the kernel have read it: it is left out. */
function encodeEntry(name: string, value: Buffer): Buffer[] {
  const family = prefixes.find(([prefix]) => name.startsWith(prefix));
  if (family === undefined) return [];
  const suffix = Buffer.from(name.slice(family[0].length));
  const entry = Buffer.alloc(alignUp(4 + suffix.length + value.length, 4));
  entry.writeUInt8(suffix.length, 0);
  entry.writeUInt8(family[1], 1);
  entry.writeUInt16LE(value.length, 2);
  suffix.copy(entry, 4);
  value.copy(entry, 4 + suffix.length);
  return [entry];
}
