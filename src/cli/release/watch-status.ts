import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Outcome } from "../command.ts";
import { plainText } from "../plain-text.ts";

type Watching = {
  readonly read: () => Promise<{ readonly text: string }>;
  readonly write: (text: string) => void;
};

/** Milliseconds. */
const interval = 1000;

/** On a terminal the page is drawn anew in its place; elsewhere it is printed again when it has changed. Also over new starts of the controller. Ends with a signal. */
export async function watchStatus(ctx: Context, { read, write }: Watching): Promise<Outcome> {
  let told = "";
  let wasReached = false;
  while (!ctx.signal.aborted) {
    // What others wrote moves no cursor here.
    const text = plainText(await readPatiently(read, wasReached));
    wasReached = true;
    // What only says how long ago something was is no change.
    const said = text.replaceAll(/\b\d+(?:\.\d+)? (?:ms|s|min|h|d)(?: ago)?\b/g, "");
    if (process.stdout.isTTY) write(`\u001b[H\u001b[J${text}\n`);
    else if (said !== told) write(`${text}\n\n`);
    told = said;
    await sleep(interval, undefined, { signal: ctx.signal }).catch(() => {});
  }
  return { json: {}, text: "" };
}

async function readPatiently(read: Watching["read"], wasReached: boolean): Promise<string> {
  try {
    return (await read()).text;
  } catch (error) {
    if (!wasReached || !(error instanceof IngotError) || error.code !== "controller-unreachable") throw error;
    return `${error.message}; trying again`;
  }
}
