import { malformed } from "./feed-error.ts";
import type { IndexWriter } from "./feed-index.ts";
import { readOsvRecord } from "./osv-record.ts";
import { parsePiece } from "./read-piece.ts";

/** One record as its source has it, and where it is: a file's name, a number. */
export type OsvPiece = { readonly bytes: Uint8Array; readonly where: string };

export type OsvSummary = {
  /** ISO 8601: the newest `modified`. */
  readonly date: string;
  readonly entries: number;
  readonly unclear: number;
  /** `npm`, `debian` …: all that are named. */
  readonly families: readonly string[];
};

/** Indexes OSV records by ecosystem and package. `now`: a record that claims to be of the future does not date the feed. */
export async function indexOsv(
  pieces: AsyncIterable<OsvPiece> | Iterable<OsvPiece>,
  index: IndexWriter,
  now: Date,
): Promise<OsvSummary> {
  const latest = new Date(now.getTime() + 24 * 3600 * 1000).toISOString();
  const families = new Set<string>();
  let date = "";
  let records = 0;
  let entries = 0;
  let unclear = 0;
  for await (const { bytes, where } of pieces) {
    const record = readOsvRecord(parsePiece(bytes, where), where);
    const modified = new Date(record.modified).toISOString();
    if (modified > date && modified <= latest) date = modified;
    records++;
    unclear += record.unclear;
    entries += record.rows.length;
    for (const [key, row] of record.rows) {
      families.add(/^[a-z]+/.exec(key)?.[0] ?? "");
      index.add(key, row);
    }
  }
  if (records === 0) throw malformed("it has no record at all");
  if (date === "") throw malformed("all its records claim to be of the future");
  if (entries === 0) throw malformed("none of its records is about npm, PyPI, Go or a release of Debian");
  return { date, entries, unclear, families: [...families].toSorted() };
}
