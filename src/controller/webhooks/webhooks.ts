import type { Context } from "../../ground/context.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { WebhookSettings } from "../settings.ts";
import { deliver, type Delivery, type Outcome } from "./deliver.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { isWantedEvent } from "../events/is-wanted-event.ts";
import { readWebhookKey } from "./sign-webhook.ts";

/** What tells events to other servers. */
export type Webhooks = {
  readonly status: () => readonly WebhookStatus[];
  /** Ends; what was not delivered is by the next start. */
  readonly close: () => Promise<void>;
};

export type WebhookStatus = {
  readonly name: string;
  /** The number of the next event that it is told. */
  readonly next: number;
  readonly delivered: number;
  readonly failed: number;
  /** Events that were given up: the other side refused them for a whole day. */
  readonly dropped: number;
  readonly lastError?: string;
};

export type WebhookOptions = {
  readonly onProblem: (message: string, values: object) => void;
  /** Milliseconds: the first pause after a failure, doubled with each to the longest; and how long one event is tried. */
  readonly retry?: { readonly first: number; readonly longest: number; readonly giveUpAfter: number };
};

const defaultRetry = { first: 1000, longest: 300_000, giveUpAfter: 86_400_000 };

/**
 * Tells every event that is wanted, in order, at least once: where it got to is kept on disk, so that nothing is left out by a restart. A new webhook begins with what happens next, not with the past. Throws
 * `key-exposed` and `settings-malformed` for a secret that cannot be read.
 */
export function openWebhooks(
  ctx: Context,
  ledger: Ledger,
  of: WebhookOptions & { readonly webhooks: readonly WebhookSettings[] },
): Webhooks {
  const end = new AbortController();
  const states = of.webhooks.map((settings) => openState(ctx, ledger, settings));
  const loops = states.map((state) => follow({ ctx, ledger, state, signal: end.signal, options: of }));
  return {
    status: () => states.map((state) => state.status),
    close: async () => {
      end.abort();
      await Promise.all(loops);
    },
  };
}

type State = { readonly settings: WebhookSettings; readonly key: Buffer; status: WebhookStatus };

function openState(ctx: Context, ledger: Ledger, settings: WebhookSettings): State {
  const key = readWebhookKey(settings);
  const next = readCursor(ctx.home, settings.name) ?? ledger.log.checkpoint().size;
  writeCursor(ctx.home, settings.name, next);
  return { settings, key, status: { name: settings.name, next, delivered: 0, failed: 0, dropped: 0 } };
}

type Following = {
  readonly ctx: Context;
  readonly ledger: Ledger;
  readonly state: State;
  readonly signal: AbortSignal;
  readonly options: WebhookOptions;
};

async function follow(following: Following): Promise<void> {
  const { ledger, state, signal } = following;
  let wake = (): void => {};
  const unsubscribe = ledger.subscribe(() => wake());
  signal.addEventListener("abort", () => wake());
  try {
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      // A full disk takes no cursor; a failure that nobody waits for would end the controller.
      const isTold = await tellAll(following).then(
        () => true,
        (error: unknown) => noteTrouble(following, error),
      );
      if (!isTold) await pause(retryOf(following).longest, signal);
      else if (state.status.next >= ledger.log.checkpoint().size && !signal.aborted) await woken;
    }
  } finally {
    unsubscribe();
  }
}

async function tellAll(following: Following): Promise<void> {
  const { ctx, ledger, state, signal } = following;
  const end = ledger.log.checkpoint().size;
  if (state.status.next >= end) return;
  for (const event of ledger.events(state.status.next)) {
    if (event.index >= end || signal.aborted) break;
    if (isWantedEvent(event.type, state.settings.events)) {
      const isOver = await tellOne(following, { event, attempt: 0, began: Date.now() });
      if (!isOver) return;
      state.status = { ...state.status, next: event.index + 1 };
      writeCursor(ctx.home, state.settings.name, state.status.next);
    } else state.status = { ...state.status, next: event.index + 1 };
  }
  writeCursor(ctx.home, state.settings.name, state.status.next);
}

type Try = Delivery & { readonly attempt: number; readonly began: number };

/** Until it is taken or given up: true. False: this process ends. In order, so that who listens never sees an end before its beginning. */
async function tellOne(following: Following, first: Try): Promise<boolean> {
  const { ctx, state, signal, options } = following;
  const retry = retryOf(following);
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const outcome = await deliver(ctx, { ...first, settings: state.settings, key: state.key, signal });
    if (outcome.kind === "taken") {
      state.status = { ...state.status, delivered: state.status.delivered + 1 };
      return true;
    }
    if (signal.aborted) return false;
    noteFailure(following, { outcome, event: first.event.index });
    if (outcome.kind === "gone" || Date.now() - first.began > retry.giveUpAfter) {
      state.status = { ...state.status, dropped: state.status.dropped + 1 };
      options.onProblem("an event was not delivered and is given up", {
        webhook: state.settings.name,
        event: first.event.index,
      });
      return true;
    }
    await pause(Math.min(retry.first * 2 ** attempt, retry.longest), signal);
  }
  return false;
}

function noteFailure(
  { state, options }: Following,
  { outcome, event }: { readonly outcome: Exclude<Outcome, { kind: "taken" }>; readonly event: number },
): void {
  const { failed } = state.status;
  state.status = { ...state.status, failed: failed + 1, lastError: outcome.why };
  options.onProblem("a webhook did not take an event; it is tried again", {
    webhook: state.settings.name,
    event,
    why: outcome.why,
  });
}

function retryOf({ options }: Pick<Following, "options">): NonNullable<WebhookOptions["retry"]> {
  return options.retry ?? defaultRetry;
}

/** What is not about the other side: where it got to cannot be kept, or the log cannot be read. */
function noteTrouble({ state, options }: Following, error: unknown): false {
  const why = error instanceof Error ? error.message : String(error);
  state.status = { ...state.status, lastError: why };
  options.onProblem("a webhook cannot go on; it is tried again", { webhook: state.settings.name, why });
  return false;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });
}
