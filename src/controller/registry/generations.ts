import type { EventType } from "../events/events.ts";
import type { NumberedEvent } from "../../ledger/event.ts";
import type { Ledger } from "../../ledger/ledger.ts";

/** How often something happened that decisions rest on: a remembered decision is as good as new while its generation is the same. */
export type Generations = {
  readonly of: (image: string | undefined) => string;
  readonly close: () => void;
};

export function openGenerations(ledger: Ledger): Generations {
  let seen = ledger.log.checkpoint().size;
  let everything = 0;
  const images = new Map<string, number>();
  const see = (event: NumberedEvent): void => {
    if (event.index < seen) return;
    seen = event.index + 1;
    const reached = reachedBy(event);
    if (reached === "everything") everything += 1;
    else for (const image of reached) images.set(image, (images.get(image) ?? 0) + 1);
  };
  const close = ledger.subscribe(see);
  return {
    of: (image) => {
      // Whoever was told that something is done must find it done: what is durable counts, also where nobody was told of it yet.
      if (ledger.log.checkpoint().size > seen) for (const event of ledger.events(seen)) see(event);
      return `${everything}.${image === undefined ? 0 : (images.get(image) ?? 0)}`;
    },
    close,
  };
}

/** What changes no fact of any image: what was decided, who signed in, and what runs. */
const changesNothing: ReadonlySet<string> = new Set<EventType>([
  "decision.made",
  "token.issued",
  "enrolment.opened",
  "enrolment.used",
  "tag.set",
  "tag.deleted",
  "garbage.collected",
  "rollout.created",
  "rollout.moved",
  "rollout.paused",
  "rollout.resumed",
  "rollout.promoted",
  "rollout.succeeded",
  "rollout.failed",
  "rollout.cancelled",
  "image.quarantined",
  "quarantine.lifted",
  "instance.started",
  "instance.ended",
  "instance.debugged",
  "alarm.raised",
  "alarm.cleared",
  "drift.found",
  "drift.captured",
  "drift.uncaptured",
  "drift.replaced",
  "breaker.opened",
  "breaker.closed",
]);

/** Images whose facts an event may change. A type that is not known here may change anything. */
function reachedBy({ type, data }: NumberedEvent): readonly string[] | "everything" {
  if (changesNothing.has(type)) return [];
  switch (type) {
    case "manifest.pushed":
      return textsOf(data.digest);
    case "statement.accepted":
      // A bill of materials also answers for what is built on its image.
      return data.kind === "cyclonedx" || data.kind === "spdx" ? "everything" : textsOf(data.subject);
    case "statement.uncounted":
      return textsOf(data.subject);
    // Of `manifest.deleted`, too: which image a deleted statement was about is not in the event.
    default:
      return "everything";
  }
}

function textsOf(value: unknown): readonly string[] {
  return typeof value === "string" ? [value] : [];
}
