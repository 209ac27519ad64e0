import { setTimeout } from "node:timers/promises";
import type { Drift, Guard } from "../../guard/guard.ts";
import type { InstanceId } from "../../runtime/runtime.ts";
import type { Fleet } from "../../fleet/engine/engine.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Controller } from "../controller.ts";
import { capturesOf } from "../state/captures.ts";
import { listDrift } from "../state/drift.ts";
import { findInstance } from "../state/instances.ts";
import { recordClosedBreakers } from "./breakers.ts";
import { captureDrift } from "./capture-drift.ts";
import { recordDrift, type DriftPlace } from "./record-drift.ts";
import { recordReplaced } from "./record-replaced.ts";

/** What is followed. `every`: milliseconds between two looks at the guard's breakers. */
export type Following = {
  readonly guard: Guard;
  readonly fleet: Pick<Fleet, "condemn" | "onReplaced" | "restart">;
  readonly every?: number;
};

/**
 * What becomes of everything that the guard finds: it goes on the record; what is frozen is taken out of traffic at once, captured, replaced and destroyed; what was too much at once is captured as it runs,
 * and replaced while the others serve; everything else is only told. What a controller that was killed left open is gone on with. Returns what ends it, once nothing is under way.
 */
export function followGuard(controller: Controller, following: Following): () => Promise<void> {
  const { guard, fleet, every = 5000 } = following;
  const { ctx, ledger } = controller;
  const desk: Desk = { controller, guard, running: new Map() };
  const underWay = new Set<Promise<unknown>>();
  let isClosed = false;
  const track = (work: Promise<unknown>): Promise<unknown> => {
    const settled = work
      .catch((error: unknown) => ctx.report.warn(error instanceof Error ? error.message : "drift: unknown error"))
      .finally(() => underWay.delete(settled));
    underWay.add(settled);
    return settled;
  };
  const found = (drift: Drift): void => {
    const place = findInstance(ledger.state, drift.instance);
    if (place === undefined || isClosed) return;
    const kept = track(keep(desk, { drift, place }));
    // Before the record is durable: every millisecond of it the instance would get traffic, frozen as it is.
    if (drift.response === "frozen" || drift.response === "gone") fleet.condemn(drift.instance, "drift", kept);
    if (drift.response === "rate-limited") void kept.then(() => isClosed || fleet.restart([drift.instance]));
  };
  guard.onDrift(found);
  fleet.onReplaced(({ key, id, why, by }) => {
    if (why !== "drift" || isClosed) return;
    void track(recordReplaced(controller, { ...key, instance: id, ...(by === undefined ? {} : { by }) }));
  });
  for (const { instance, id, ...place } of listUncaptured(controller)) {
    const watched = untilWatching(guard);
    fleet.condemn(instance, "drift", track(watched.then(() => captureOnce(desk, { ...place, instance, drift: id }))));
  }
  const left = listUnreplaced(controller);
  if (left.length > 0) fleet.restart(left);
  const timer = setInterval(() => {
    void track(guard.status().then(({ breaker }) => recordClosedBreakers(controller, breaker)));
  }, every);
  timer.unref();
  return async () => {
    isClosed = true;
    clearInterval(timer);
    while (underWay.size > 0) await Promise.all(underWay);
  };
}

/** On the record, and then what can be seen of it: once for each instance. */
async function keep(
  desk: Desk,
  { drift, place }: { readonly drift: Drift; readonly place: DriftPlace },
): Promise<void> {
  const { controller } = desk;
  const { environment, service, release, image } = place;
  const { id, isNew } = await recordDrift(controller, drift, { environment, service, release, image });
  const isTaken = drift.response === "frozen" || drift.response === "rate-limited";
  const { state } = controller.ledger;
  if (!isNew || !isTaken || isCaptured(state, { environment, service, instance: drift.instance })) return;
  await captureOnce(desk, { environment, service, release, image, instance: drift.instance, drift: id });
}

/** For drift, that is: what a person had captured before shows nothing of it. */
function isCaptured(state: Database, of: Parameters<typeof capturesOf>[1]): boolean {
  return capturesOf(state, of).some(({ drift }) => drift !== undefined);
}

type Order = Parameters<typeof captureDrift>[2];
type Desk = {
  readonly controller: Controller;
  readonly guard: Guard;
  readonly running: Map<InstanceId, Promise<unknown>>;
};

/** Two findings of one instance may come at the same moment: both wait for one capture. */
function captureOnce({ controller, guard, running }: Desk, order: Order): Promise<unknown> {
  const { instance } = order;
  const known = running.get(instance);
  if (known !== undefined) return known;
  const work = captureDrift(controller, guard, order).finally(() => running.delete(instance));
  running.set(instance, work);
  return work;
}

/** A guard that was just started is told what runs one moment later, of all at once; where nothing runs any more it never is. */
async function untilWatching(guard: Guard): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    if ((await guard.status()).watched > 0) return;
    await setTimeout(100);
  }
}

/** What was frozen and not captured when the controller before this one ended. */
function listUncaptured({ ledger }: Controller): readonly (DriftPlace & { instance: InstanceId; id: number })[] {
  const seen = new Set<string>();
  return listDrift(ledger.state, { isOpen: true })
    .toReversed()
    .filter(({ status, instance }) => status === "open" && !seen.has(instance) && seen.add(instance))
    .filter((drift) => !isCaptured(ledger.state, drift))
    .map(({ id, environment, service, release, image, instance }) => ({
      id,
      environment,
      service,
      release,
      image,
      instance: instance as InstanceId,
    }));
}

/** What was to be replaced while the others serve, and still runs: that is on no record but that of the drift, and a controller that ends forgets it. */
function listUnreplaced({ ledger }: Controller): readonly InstanceId[] {
  const found = listDrift(ledger.state, { isOpen: true, most: 100_000 });
  const instances = found.filter(({ response }) => response === "rate-limited").map(({ instance }) => instance);
  return [...new Set(instances)] as InstanceId[];
}
