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

/** Images whose facts an event may change. A type that is not known here may change anything. */
function reachedBy({ type, data }: NumberedEvent): readonly string[] | "everything" {
  switch (type) {
    case "decision.made":
    case "token.issued":
    case "enrolment.opened":
    case "enrolment.used":
    case "tag.set":
    case "tag.deleted":
    case "garbage.collected":
    case "rollout.created":
    case "rollout.moved":
    case "rollout.paused":
    case "rollout.resumed":
    case "rollout.promoted":
    case "rollout.succeeded":
    case "rollout.failed":
    case "rollout.cancelled":
    case "image.quarantined":
    case "quarantine.lifted":
    case "instance.started":
    case "instance.ended":
    case "instance.debugged":
    case "alarm.raised":
    case "alarm.cleared":
    case "drift.found":
    case "drift.captured":
    case "drift.uncaptured":
    case "drift.replaced":
    case "breaker.opened":
    case "breaker.closed":
      return [];
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
