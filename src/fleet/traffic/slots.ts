import type { InstanceId } from "../../runtime/runtime.ts";
import type { WantedTraffic } from "./traffic.ts";

/**
 * Servers of a HAProxy have their places from its start: 2.6 can add and delete them while it runs, but has been seen to crash when it deletes one that a connection still
 * refers to. So there are more places than servers, and an instance is given a free one. `s17` is place 17.
 */
export type Slots = ReadonlyMap<InstanceId, number>;

/** As many places as leave room for a whole second set. */
export function sizeFor(servers: number, former = 0): number {
  let size = Math.max(64, former);
  while (size < servers * 2 + 16) size *= 2;
  return size;
}

/** Instances keep their places; new ones get places where nothing is under way. Undefined: there are too few. */
export function assignSlots(
  servers: WantedTraffic["servers"],
  { former, busy, size }: { former: Slots; busy: ReadonlySet<number>; size: number },
): Slots | undefined {
  const slots = new Map<InstanceId, number>();
  for (const { id } of servers) {
    const place = former.get(id);
    if (place !== undefined && place <= size) slots.set(id, place);
  }
  const taken = new Set([...busy, ...slots.values()]);
  let next = 1;
  for (const { id } of servers) {
    if (slots.has(id)) continue;
    while (taken.has(next)) next += 1;
    if (next > size) return undefined;
    taken.add(next);
    slots.set(id, next);
  }
  return slots;
}
