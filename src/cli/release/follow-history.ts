import { followEvents } from "../../api/client/follow-events.ts";
import { tellEvent } from "../../controller/events/tell-event.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Outcome } from "../command.ts";
import { findController, tokenFor } from "../controller-access.ts";
import { formatTime } from "../format.ts";
import { plainText } from "../plain-text.ts";

/** What may be asked of a stream: all else needs what is known of the past. */
export type FollowWish = { readonly type?: string; readonly by?: string; readonly json?: boolean };

/** Prints what happens from now on, a line an event whatever a reason in it holds, until a signal ends it; also over new starts of the controller. */
export async function followHistory(
  ctx: Context,
  { type, by, json }: FollowWish,
  write: (text: string) => void,
): Promise<Outcome> {
  if (json === true) {
    throw new IngotError("usage", "--follow prints lines for a person, not one JSON object", {
      hint: "for a program: GET /api/v1/events, docs/api.md",
    });
  }
  const { url } = findController(ctx);
  const access = { url, token: async () => (await tokenFor(ctx)).token };
  const types = type === undefined ? [] : [type.includes(".") ? type : `${type}.*`];
  let count = 0;
  for await (const event of followEvents(ctx, access, { types })) {
    const { index, time, actor } = event;
    if (by !== undefined && actor !== by && actor !== `user:${by}`) continue;
    count += 1;
    write(`${plainText(`#${index}  ${formatTime(time)}  ${tellEvent(event).replaceAll(/\s/g, " ")}`)}\n`);
  }
  return { json: { events: count }, text: "" };
}
