import type { Context } from "../../ground/context.ts";
import type { NumberedEvent } from "../../ledger/event.ts";
import { tellEvent } from "../events/tell-event.ts";
import type { WebhookSettings } from "../settings.ts";
import { signWebhook } from "./sign-webhook.ts";

export type Delivery = { readonly event: NumberedEvent };

/** `gone`: the other side said that there is nobody any more (410). */
export type Outcome = { readonly kind: "taken" } | { readonly kind: "failed" | "gone"; readonly why: string };

type Sending = Delivery & { readonly settings: WebhookSettings; readonly key: Buffer; readonly signal: AbortSignal };

/** How long the other side may take to answer; who has more to do does it after that. */
const mostTime = 15_000;

/**
 * Sends one event, signed by the scheme of Standard Webhooks 1.0 (headers `webhook-id`, `webhook-timestamp`, `webhook-signature`). The id is the event's number, so that who gets it twice knows.
 * Redirects are not followed: what is sent is for the address that an admin wrote down.
 */
export async function deliver(ctx: Context, { event, settings, key, signal }: Sending): Promise<Outcome> {
  const body = JSON.stringify(toPayload(event));
  const id = `event_${event.index}`;
  const timestamp = Math.floor(ctx.now().getTime() / 1000);
  const headers = {
    "content-type": "application/json",
    "user-agent": "ingot",
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signWebhook(key, { id, timestamp, body }),
  };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(mostTime)]);
  try {
    const response = await ctx.fetch(settings.url, {
      method: "POST",
      headers,
      body,
      redirect: "manual",
      signal: limit,
    });
    await response.body?.cancel();
    if (response.ok) return { kind: "taken" };
    return { kind: response.status === 410 ? "gone" : "failed", why: `it answered ${response.status}` };
  } catch (error) {
    return { kind: "failed", why: limit.aborted ? "it did not answer in time" : whyUnreached(error) };
  }
}

/** Without the address, which may hold a token. */
function whyUnreached(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && "code" in cause ? String(cause.code) : "it could not be reached";
}

/** `type` and `timestamp` as the standard proposes; `text` is one sentence for people. */
function toPayload(event: NumberedEvent): object {
  const { index, time, actor, type, data } = event;
  return { type, timestamp: time, number: index, actor, text: tellEvent(event), data };
}
