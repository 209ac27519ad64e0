import { setImmediate } from "node:timers/promises";
import { bundleType } from "../../evidence/statement/bundle.ts";
import type { NumberedEvent } from "../../ledger/event.ts";
import type { Ledger } from "../../ledger/ledger.ts";

/** What is looked for; all that are given hold at once. */
export type EventFilter = {
  readonly service?: string;
  readonly environment?: string;
  /** Digest: events that name it. */
  readonly image?: string;
  /** `user:alice`, or `alice` for whoever has that name. */
  readonly by?: string;
  /** A type such as `release.created`, or the noun before its dot. */
  readonly type?: string;
  /** Without what another event tells again: that a statement was attached, and its logged copy, are in the event of the statement. */
  readonly isBrief?: boolean;
  /** Milliseconds since 1970; both included. */
  readonly since?: number;
  readonly until?: number;
};

export type EventPage = {
  /** Newest first. */
  readonly events: readonly NumberedEvent[];
  /** Ask on with it as `before`; absent at the end. A page may have few events or none and still not be the last. */
  readonly before?: number;
};

/** Events that are read at a time, between which others are served; and at most for one page. */
const chunk = 1024;
const most = 65_536;

/** Events that fit, newest first, from below `before` on. */
export async function readHistory(
  ledger: Ledger,
  filter: EventFilter,
  { before, limit }: { readonly before?: number; readonly limit: number },
): Promise<EventPage> {
  const size = ledger.log.checkpoint().size;
  const needles = needlesOf(filter);
  const found: NumberedEvent[] = [];
  let end = Math.min(before ?? size, size);
  const last = Math.max(0, end - most);
  while (end > last) {
    const start = Math.max(last, end - chunk);
    const events = [...readFitting(ledger, { start, end, needles })].filter((event) => isFitting(event, filter));
    for (const event of events.toReversed()) {
      found.push(event);
      if (found.length === limit) return { events: found, ...(event.index === 0 ? {} : { before: event.index }) };
    }
    // Events only get older from here on.
    if (filter.since !== undefined && timeAt(ledger, start) < filter.since) return { events: found };
    end = start;
    await setImmediate();
  }
  return { events: found, ...(end === 0 ? {} : { before: end }) };
}

type Piece = { readonly start: number; readonly end: number; readonly needles: readonly string[] };

/** An entry that lacks a needle cannot fit: only what has them all is parsed, which makes a search through a million events one of a second. */
function* readFitting({ log }: Ledger, { start, end, needles }: Piece): Generator<NumberedEvent> {
  let index = start;
  for (const entry of log.readEntries(start, end)) {
    if (needles.every((needle) => entry.includes(needle))) yield { ...parse(entry), index };
    index += 1;
  }
}

function parse(entry: Buffer): Omit<NumberedEvent, "index"> {
  return JSON.parse(entry.toString("utf8")) as Omit<NumberedEvent, "index">;
}

function timeAt({ log }: Ledger, index: number): number {
  return Date.parse(parse(log.readEntry(index)).time);
}

function needlesOf({ service, environment, image, by, type }: EventFilter): readonly string[] {
  const plain = [service, environment, image, by].filter((word) => word !== undefined);
  // As they are in JSON, without its quotes.
  return [
    ...plain.map((word) => JSON.stringify(word).slice(1, -1)),
    ...(type === undefined ? [] : [`"type":"${type}`]),
  ];
}

function isFitting(event: NumberedEvent, filter: EventFilter): boolean {
  const { service, environment, by, type } = filter;
  const { data, actor } = event;
  return (
    !(filter.isBrief === true && isAttachedStatement(event)) &&
    isInTime(event, filter) &&
    (type === undefined || event.type === type || event.type.startsWith(`${type}.`)) &&
    (by === undefined || actor === by || actor.slice(actor.indexOf(":") + 1) === by) &&
    (service === undefined || data.service === service || isAboutService(data.resource, service)) &&
    (environment === undefined || isInEnvironment(data, environment))
  );
}

function isInTime({ time }: NumberedEvent, { since = -Infinity, until = Infinity }: EventFilter): boolean {
  const at = Date.parse(time);
  return at >= since && at <= until;
}

function isAttachedStatement({ type, data }: NumberedEvent): boolean {
  return type === "manifest.pushed" && data.subject !== undefined && data.artifactType === bundleType;
}

function isAboutService(resource: unknown, service: string): boolean {
  return typeof resource === "string" && resource.startsWith(`service ${service} in `);
}

/** An approval has its environment among its facts, and a promotion also where it came from. */
function isInEnvironment(data: NumberedEvent["data"], environment: string): boolean {
  const places = [data, data.facts, data.from] as readonly ({ readonly environment?: unknown } | undefined)[];
  return places.some((place) => place?.environment === environment);
}
