import type { NewEvent } from "../../ledger/event.ts";
import { makeEvent, system, type EventData } from "../events/events.ts";

/** An image that a revocation reaches. `parent`: the image through which; absent for one that it names or finds itself. */
export type Reached = {
  readonly digest: string;
  /** `itself`, `built on sha256:…`, `has openssl 3.0.1`, `signed by key …`. */
  readonly how: string;
  readonly parent?: string;
  /** Digests of its layers from the lowest up: what is built on it later is known by them, also when it is no longer in the registry. */
  readonly layers: readonly string[];
};

/** Bytes of JSON in one event, of 65,535 that an entry of the log can have. */
const mostBytes = 60_000;

/** The events that put it on the record, in parts where there are many. */
export function recordReached(revocation: number, reached: readonly Reached[]): readonly NewEvent[] {
  const parts: Image[][] = [];
  let room = 0;
  for (const { digest, how, parent, layers } of reached) {
    const through = parent === undefined ? {} : { parent };
    const image = { digest, how, ...through, ...(layers.length === 0 ? {} : { layers: bounded(layers) }) };
    const size = JSON.stringify(image).length + 1;
    if (room < size) {
      parts.push([]);
      room = mostBytes;
    }
    parts.at(-1)?.push(image);
    room -= size;
  }
  return parts.map((images) => makeEvent(system, "revocation.reached", { revocation, images }));
}

type Image = EventData["revocation.reached"]["images"][number];

/** An image has at most 127 layers where overlay file systems hold it; one with thousands is known by its first ones, which is to find too much rather than too little. */
function bounded(layers: readonly string[]): readonly string[] {
  return layers.slice(0, 500);
}
