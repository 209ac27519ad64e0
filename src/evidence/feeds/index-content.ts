import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { detectShape, type FeedShape } from "./detect-kind.ts";
import { indexEpss } from "./epss.ts";
import { indexExploited } from "./exploited.ts";
import { malformed, tooLarge } from "./feed-error.ts";
import { IndexWriter } from "./feed-index.ts";
import { contentFile, type FeedKind, type FeedLimits } from "./feed.ts";
import { openContent } from "./open-content.ts";
import { indexOsv, type OsvPiece } from "./osv.ts";
import { readZip } from "./read-zip.ts";
import { splitJson } from "./split-json.ts";
import { indexTracker } from "./tracker.ts";

export type IndexOptions = {
  /** Refuses any other; detected where it is not given. */
  readonly kind?: FeedKind;
  readonly limits: FeedLimits;
  readonly now: Date;
};

export type Indexed = {
  readonly kind: FeedKind;
  /** ISO 8601, as the feed says itself; the tracker does not. */
  readonly date?: string;
  readonly entries: number;
  readonly unclear: number;
  /** A name that fits what is in it. */
  readonly name: string;
};

/** Reads `content` in `folder` from beginning to end and writes the index beside it. Throws `feed-malformed`, `feed-too-large`. */
export async function indexContent(folder: string, options: IndexOptions): Promise<Indexed> {
  const shape = await detectShape(join(folder, contentFile), options.limits);
  if (options.kind !== undefined && options.kind !== shape.kind) {
    throw malformed(`it is of the kind ${shape.kind}, not ${options.kind}, or cut off`);
  }
  mkdirSync(folder, { recursive: true });
  const index = new IndexWriter(folder);
  try {
    const indexed = await read(folder, shape, { index, options });
    index.finish();
    return { ...indexed, ...(indexed.date === undefined ? {} : { date: checkDate(indexed.date, options.now) }) };
  } finally {
    index.close();
  }
}

type Work = { readonly index: IndexWriter; readonly options: IndexOptions };

async function read(folder: string, shape: FeedShape, { index, options }: Work): Promise<Indexed> {
  const { limits, now } = options;
  const path = join(folder, contentFile);
  const { kind } = shape;
  switch (kind) {
    case "debian-tracker":
      return { kind, name: kind, ...(await indexTracker(openContent(path, limits), index, limits)) };
    case "kev":
      return { kind, name: kind, ...indexExploited(await readWhole(path, limits), index), unclear: 0 };
    case "epss":
      return { kind, name: kind, ...(await indexEpss(openContent(path, limits), index)), unclear: 0 };
    case "osv": {
      const { families, ...said } = await indexOsv(records(path, shape, limits), index, now);
      return { kind, name: families.length === 1 ? `osv-${families.join("")}` : "osv", ...said };
    }
  }
}

function records(path: string, shape: FeedShape, limits: FeedLimits): AsyncIterable<OsvPiece> {
  if (shape.records === "zip") return readZip(path, limits);
  return readPieces(path, shape.records === "list" ? "elements" : "sequence", limits);
}

async function* readPieces(
  path: string,
  shape: "elements" | "sequence",
  limits: FeedLimits,
): AsyncGenerator<OsvPiece, void, undefined> {
  let number = 0;
  for await (const bytes of splitJson(openContent(path, limits), shape, { limit: limits.record })) {
    yield { bytes, where: `record ${++number}` };
  }
}

async function readWhole(path: string, limits: FeedLimits): Promise<Buffer> {
  if (statSync(path).size > limits.record) throw tooLarge("the list", limits.record);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of openContent(path, limits)) {
    size += chunk.length;
    if (size > limits.record) throw tooLarge("the list", limits.record);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const day = 24 * 3600 * 1000;

/** A feed of next year would forbid every one until then as older. */
function checkDate(text: string, now: Date): string {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw malformed("its date cannot be read", text);
  if (date.getTime() > now.getTime() + day)
    throw malformed(`its date ${date.toISOString()} is in the future; check the clock`);
  return date.toISOString();
}
