import type { FleetRecord, Wanted } from "../../fleet/engine/engine.ts";
import type { ServiceKey } from "../../fleet/fleet.ts";
import type { NumberedEvent } from "../../ledger/event.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Controller } from "../controller.ts";
import { judge } from "../decisions/authorize.ts";
import { releasesOf } from "../state/releases.ts";
import { listRolledOut } from "../state/rollouts.ts";
import { readWanted } from "./read-wanted.ts";
import { recordFact } from "./record-fact.ts";
import { openReleaseSpecs, type ReleaseSpecs } from "./release-specs.ts";
import { hostOf, orderStart, prepareRelease } from "./start-order.ts";

/** The record as the fleet sees it. `onChange`: called when something else is wanted of a service, or, without one, perhaps of all. */
export type OpenedRecord = FleetRecord & {
  readonly specs: ReleaseSpecs;
  readonly onChange: (listener: (key?: ServiceKey) => void) => void;
  readonly close: () => void;
};

/** Milliseconds for which a decision about what runs is good at most, though nothing happens: scans grow old, a broken glass ends. */
const longestRest = 60_000;

type Kept = { readonly wanted: Wanted; readonly until: number };

export function openFleetRecord(controller: Controller, runtime: Pick<Runtime, "prepare">): OpenedRecord {
  const { ledger, ctx } = controller;
  const specs = openReleaseSpecs(ctx);
  const kept = new Map<string, Kept>();
  const permitted = new Map<string, { readonly isSo: boolean; readonly until: number }>();
  const listeners: ((key?: ServiceKey) => void)[] = [];
  const close = ledger.subscribe((event) => {
    const reached = reachedBy(event);
    if (!isOfCourse(event) && reached !== "nothing") permitted.clear();
    if (reached === "nothing") return;
    if (reached === "everything") kept.clear();
    else kept.delete(nameOf(reached));
    for (const listener of listeners) listener(reached === "everything" ? undefined : reached);
  });
  const preparing = new Map<Digest, Promise<void>>();
  const prepare = (image: Digest): Promise<void> => {
    const known = preparing.get(image) ?? runtime.prepare(image).finally(() => preparing.delete(image));
    preparing.set(image, known);
    return known;
  };
  const isPermitted = (key: ServiceKey, image: Digest): boolean => {
    const name = `${nameOf(key)} ${image}`;
    const known = permitted.get(name);
    if (known !== undefined && performance.now() < known.until) return known.isSo;
    const isSo = mayRun(controller, key, image);
    permitted.set(name, { isSo, until: performance.now() + longestRest });
    return isSo;
  };
  const now = (): number => ledger.now().getTime();
  return {
    specs,
    now,
    services: () => listRolledOut(ledger.state),
    wanted: (key) => {
      const name = nameOf(key);
      const known = kept.get(name);
      if (known !== undefined && performance.now() < known.until) return known.wanted;
      const isRevoked = (image: Digest): boolean => !isPermitted(key, image);
      const wanted = readWanted(ledger.state, key, { specs, isRevoked });
      kept.set(name, { wanted, until: performance.now() + longestRest });
      return wanted;
    },
    prepare: (key, number) => prepareRelease(controller, { specs, prepare }, { key, number }),
    order: (key, number) => orderStart(controller, { specs, prepare }, { key, number }),
    record: async (key, fact) => {
      await recordFact(controller, key, fact);
      // Listeners are told once it is durable, which may be a moment later than this.
      kept.delete(nameOf(key));
    },
    onChange: (listener) => void listeners.push(listener),
    close,
  };
}

/** Whether the policy of the environment lets an image be pulled there now, as instances must be. */
export function mayRun(controller: Controller, { environment, service }: ServiceKey, image: string): boolean {
  const { ledger, policies } = controller;
  const { state } = ledger;
  const release = releasesOf(state, image).find((one) => one.environment === environment && one.service === service);
  if (release === undefined) return false;
  const { repository } = release;
  const now = Math.floor(ledger.now().getTime() / 1000);
  return judge(
    policies,
    { state, now },
    {
      principal: hostOf(environment),
      action: "pull",
      resource: { kind: "image", repository },
      environment,
      image,
      repository,
    },
  ).permit;
}

function reachedBy({ type, data }: NumberedEvent): ServiceKey | "nothing" | "everything" {
  const [noun = ""] = type.split(".");
  if (["rollout", "instance", "quarantine", "image", "release", "drift"].includes(noun)) {
    const { environment, service } = data;
    if (typeof environment === "string" && typeof service === "string") return { environment, service };
  }
  return quiet.has(type) ? "nothing" : "everything";
}

/** What a rollout is made of: the policy asks none of it, so a decision is as good after it as before. */
function isOfCourse({ type }: NumberedEvent): boolean {
  return type.startsWith("instance.") || type.startsWith("rollout.");
}

/** What changes nothing about what is to run, and happens often. */
const quiet: ReadonlySet<string> = new Set([
  "decision.made",
  "token.issued",
  "enrolment.opened",
  "enrolment.used",
  "tag.set",
  "tag.deleted",
  "garbage.collected",
  "alarm.raised",
  "alarm.cleared",
  "breaker.opened",
  "breaker.closed",
]);

function nameOf({ environment, service }: ServiceKey): string {
  return `${environment}/${service}`;
}
