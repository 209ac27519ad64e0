import { malformed } from "./feed-error.ts";
import type { IndexWriter } from "./feed-index.ts";

/**
 * Indexes FIRST's exploit predictions: `#model_version:…,score_date:…`, then `cve,epss,percentile`, then a line each, at most 4 kB long. Returns its date and how many there are. A list that is
 * cut off inside a line is refused; one that is cut off between two cannot be told from a whole one, but for its length, which the fetching checks.
 */
export async function indexEpss(
  chunks: AsyncIterable<Uint8Array>,
  index: IndexWriter,
): Promise<{ date: string; entries: number }> {
  let date: string | undefined;
  let number = 0;
  for await (const line of lines(chunks)) {
    number++;
    if (number === 1) date = readDate(line);
    else if (number === 2) readHeading(line);
    else readScore(line, number, index);
  }
  if (date === undefined || number < 3) throw malformed("it names no vulnerability at all");
  return { date, entries: number - 2 };
}

/** A score between 0 and 1, and the share of vulnerabilities with a lower one. */
export function parseScore(value: string): { readonly score: number; readonly percentile: number } {
  const [score = 0, percentile = 0] = value.split(",").map(Number);
  return { score, percentile };
}

function readDate(line: string): string {
  const [, date] = /^#(?:.*,)?\s*score_date:\s*([^,\s]+)/.exec(line) ?? [];
  if (date !== undefined) return date;
  throw malformed("its first line must be `#model_version:…,score_date:…`");
}

function readHeading(line: string): void {
  if (line !== "cve,epss,percentile") throw malformed("its columns must be `cve,epss,percentile`", "line 2");
}

function readScore(line: string, number: number, index: IndexWriter): void {
  const [, id, score, percentile] = /^(CVE-\d{4}-\d{4,19}),([0-9.e-]+),([0-9.e-]+)$/.exec(line) ?? [];
  if (id === undefined || !isShare(score) || !isShare(percentile)) throw malformed("it is no score", `line ${number}`);
  index.set(id, `${score},${percentile}`);
}

function isShare(text: string | undefined): boolean {
  const value = Number(text);
  return value >= 0 && value <= 1;
}

const longestLine = 4096;

async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let rest = "";
  for await (const chunk of chunks) {
    const parts = (rest + Buffer.from(chunk).toString("latin1")).split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > longestLine) throw malformed("one of its lines has no end");
    for (const part of parts) yield part.replace(/\r$/, "");
  }
  if (rest !== "") throw malformed("it is cut off: its last line has no end");
}
