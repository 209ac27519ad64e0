import { malformed } from "./feed-error.ts";

// Readers of a stranger's JSON. All throw `feed-malformed`; `where` is the place in the feed that the message names.

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Parses one piece of `splitJson`, or a small feed whole. */
export function parsePiece(bytes: Uint8Array, where = ""): unknown {
  try {
    return JSON.parse(strictUtf8.decode(bytes)) as unknown;
  } catch (cause) {
    throw malformed("it is not JSON", where, cause);
  }
}

/** The one member of a piece of an object. */
export function parseMember(piece: Uint8Array, where = ""): readonly [string, unknown] {
  const [member, ...others] = Object.entries(asObject(parsePiece(piece, where), where));
  if (member === undefined || others.length > 0) throw malformed("it is not JSON", where);
  return member;
}

/** `value` as an object, which is no list. */
export function asObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw malformed("an object is expected", where);
}

export function asList(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw malformed("a list is expected", where);
}

export function asText(value: unknown, where: string): string {
  if (typeof value === "string") return value;
  throw malformed("a text is expected", where);
}
