import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { makeEvent, type EventData } from "../events/events.ts";
import { openRolloutOf, stableOf } from "../state/rollouts.ts";

type Created = EventData["release.created"];
type Begun = EventData["rollout.created"];

export type RolloutStart = {
  readonly actor: string;
  readonly release: Pick<Created, "environment" | "service" | "number" | "image" | "configuration">;
  readonly kind: Begun["kind"];
  /** The rollout that ends in the same transaction: by the state it is still open. */
  readonly ending?: number;
};

/** What is recorded together with a release: that it is to run from now on, in place of what ran, and of what was to. One rollout a service at a time: a newer one takes over. */
export function beginRollout(state: Database, { actor, release, kind, ending }: RolloutStart): readonly NewEvent[] {
  const { environment, service, number, image, configuration } = release;
  const of = { environment, service };
  const stable = stableOf(state, of);
  const open = openRolloutOf(state, of);
  const superseded =
    open === undefined || open.id === ending
      ? []
      : [
          makeEvent(actor, "rollout.cancelled", {
            ...of,
            rollout: open.id,
            release: open.release,
            reason: `release ${number} takes its place`,
            supersededBy: number,
          }),
        ];
  const begun = {
    ...of,
    release: number,
    image,
    kind,
    strategy: strategyOf(configuration),
    ...(stable === undefined ? {} : { from: stable }),
  };
  return [...superseded, makeEvent(actor, "rollout.created", begun)];
}

/** By default as the schema has it; configurations of older releases say less. */
function strategyOf({ update }: Created["configuration"]): Begun["strategy"] {
  const { strategy } = (update ?? {}) as { readonly strategy?: unknown };
  return strategy === "canary" || strategy === "blue-green" ? strategy : "rolling";
}
