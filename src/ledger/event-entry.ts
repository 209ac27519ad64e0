import { IngotError } from "../ground/error.ts";
import type { LedgerEvent, NumberedEvent } from "./event.ts";
import { maxEntrySize } from "./log/entry-bundle.ts";

/**
 * An event as an entry of the log: canonical JSON (RFC 8785), so that one event has one sequence of bytes. Members that are undefined are left out. Throws
 * `event-malformed`, `log-entry-too-large`.
 */
export function encodeEvent({ time, actor, type, data }: LedgerEvent): Buffer {
  const entry = Buffer.from(canonical({ time, actor, type, data }, type));
  if (entry.length <= maxEntrySize) return entry;
  throw new IngotError("log-entry-too-large", `${type} has ${entry.length} bytes, and at most ${maxEntrySize} fit`, {
    hint: "keep what is large in the content-addressed store, and its digest in the event",
  });
}

/** What an entry of the log says. The log has held it to its hash: it is what `encodeEvent` wrote. */
export function decodeEvent(entry: Buffer, index: number): NumberedEvent {
  const { time, actor, type, data } = JSON.parse(entry.toString()) as LedgerEvent;
  return { index, time, actor, type, data };
}

/** `type` names the event in errors. Numbers and strings are written as RFC 8785 takes them from ECMAScript. */
export function canonical(value: unknown, type: string, depth = 0): string {
  // Attack: an entry of brackets only, which would end whoever reads it by a full stack.
  if (depth > mostDepth) throw malformed(type, `values ${mostDepth} deep in each other`);
  switch (typeof value) {
    case "string":
      if (!value.isWellFormed()) throw malformed(type, "a text that is not Unicode");
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) throw malformed(type, `the number ${value}`);
      return JSON.stringify(value);
    case "boolean":
      return String(value);
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map((item: unknown) => canonical(item, type, depth + 1)).join(",")}]`;
      return canonicalObject(value, type, depth);
    default:
      throw malformed(type, `a value of the type ${typeof value}`);
  }
}

const mostDepth = 64;

function canonicalObject(value: object, type: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  // A Date or Map would become something else on the way.
  if (prototype !== Object.prototype && prototype !== null) throw malformed(type, "an object of a class");
  const members = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(members).filter((key) => members[key] !== undefined);
  // By UTF-16 code units, as the standard has it, and as sort() does.
  keys.sort();
  return `{${keys.map((key) => `${canonical(key, type)}:${canonical(members[key], type, depth + 1)}`).join(",")}}`;
}

function malformed(type: string, what: string): IngotError {
  return new IngotError("event-malformed", `${type} holds ${what}, which no event can`, {
    hint: "report this: an event is made by Ingot itself",
  });
}
