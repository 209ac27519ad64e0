/** The most bytes that the length before an entry can say. */
export const maxEntrySize = 65_535;

/** Entries one after the other, each behind its length as two bytes, the higher first (C2SP tlog-tiles, "Log entries"). */
export function encodeEntries(entries: readonly Uint8Array[]): Buffer {
  const size = entries.reduce((sum, entry) => sum + 2 + entry.length, 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const entry of entries) {
    at = bytes.writeUInt16BE(entry.length, at);
    bytes.set(entry, at);
    at += entry.length;
  }
  return bytes;
}

/** What could be read of a bundle, up to `limit` entries. `rest`: bytes behind the last whole one. The entries are views of `bytes`. */
export type ParsedBundle = { readonly entries: readonly Buffer[]; readonly rest: number };

export function parseEntries(bytes: Buffer, limit: number): ParsedBundle {
  const entries: Buffer[] = [];
  let at = 0;
  while (entries.length < limit && at + 2 <= bytes.length) {
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length) break;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return { entries, rest: bytes.length - at };
}
