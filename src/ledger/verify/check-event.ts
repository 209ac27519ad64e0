import { IngotError } from "../../ground/error.ts";
import { canonical } from "../event-entry.ts";

/** Says what is wrong with the events of a log, called in their order; undefined where nothing is. */
export function eventCheck(): (entry: Buffer, index: number) => string | undefined {
  let before = "";
  return (entry, index) => {
    const event = parse(entry);
    if (event === undefined) return `has no event as entry ${index}`;
    const { time } = event;
    const isOlder = time < before;
    if (!isOlder) before = time;
    return isOlder ? `has an event ${index} of ${time}, older than the one before it, of ${before}` : undefined;
  };
}

/** Undefined unless it is an event in canonical JSON, byte for byte. */
function parse(entry: Buffer): { readonly time: string } | undefined {
  try {
    const value: unknown = JSON.parse(entry.toString());
    return isEvent(value) && isTime(value.time) && entry.equals(Buffer.from(canonical(value, "an event")))
      ? value
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof IngotError) return undefined;
    throw error;
  }
}

function isEvent(value: unknown): value is { readonly time: string } {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 4) return false;
  const { time, actor, type, data } = value as Record<string, unknown>;
  return (
    [time, actor, type].every((text) => typeof text === "string") &&
    typeof data === "object" &&
    data !== null &&
    !Array.isArray(data)
  );
}

/** Such times have one form, so that they sort as texts. */
function isTime(text: string): boolean {
  const time = Date.parse(text);
  return Number.isFinite(time) && new Date(time).toISOString() === text;
}
