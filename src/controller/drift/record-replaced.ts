import type { Controller } from "../controller.ts";
import { makeEvent, system } from "../events/events.ts";
import { listDrift } from "../state/drift.ts";

export type Replacement = {
  readonly environment: string;
  readonly service: string;
  readonly instance: string;
  /** The instance that serves in its place. */
  readonly by?: string;
};

/** Puts on the record that an instance which drifted is gone, and what serves instead: with the time from what the kernel saw to now, for every drift of it that stands open. */
export async function recordReplaced({ ledger }: Controller, replacement: Replacement): Promise<void> {
  const { environment, service, instance, by } = replacement;
  await ledger.transact((state) => {
    const found = listDrift(state, { environment, service, instance }).filter(({ replaced }) => replaced === undefined);
    const now = ledger.now().getTime();
    const events = found.map(({ id, seen }) =>
      makeEvent(system, "drift.replaced", {
        environment,
        service,
        instance,
        drift: id,
        ...(by === undefined ? {} : { by }),
        milliseconds: Math.max(0, Math.round(now - seen)),
      }),
    );
    return { events, result: undefined };
  });
}
