import { decodeUtf8 } from "./fields.ts";
import { tarMalformed, type TarPosition } from "./malformed.ts";

/** Records of a pax extended header, by keyword. Values are bytes: an extended attribute may hold anything. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

/** How GNU tar, libarchive, Go and every container engine name an extended attribute. */
export const xattrKeyword = "SCHILY.xattr.";

/** Parses `LENGTH KEYWORD=VALUE\n` records (POSIX pax, "pax Extended Header"). */
export function parsePax(body: Buffer, position: TarPosition): PaxRecords {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(0x20, at);
    const digits = body.toString("latin1", at, space === -1 ? at : Math.min(space, at + 12));
    const end = at + Number(digits);
    const equals = body.indexOf(0x3d, space);
    if (
      !/^[1-9][0-9]*$/.test(digits) ||
      end > body.length ||
      body[end - 1] !== 0x0a ||
      equals === -1 ||
      equals >= end
    ) {
      throw tarMalformed("a pax record is not `LENGTH KEYWORD=VALUE`", position);
    }
    const keyword = decodeUtf8(body.subarray(space + 1, equals), position);
    records.set(keyword, body.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** Formats records sorted by keyword, so that the same records give the same bytes. */
export function formatPax(records: PaxRecords): Buffer {
  const sorted = [...records].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat(sorted.flatMap(([keyword, value]) => formatRecord(keyword, value)));
}

function formatRecord(keyword: string, value: Buffer): Buffer[] {
  const rest = Buffer.from(` ${keyword}=`);
  const payload = rest.length + value.length + 1;
  // The length counts its own digits, which may carry into one more.
  let length = payload + String(payload).length;
  if (payload + String(length).length > length) length++;
  return [Buffer.from(String(length)), rest, value, Buffer.from("\n")];
}
