import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { parseDuration } from "../parse-duration.ts";

/** A time, or how long ago, as the time that the API takes. Throws `usage`. */
export function parseSince(ctx: Context, text: string | undefined): string | undefined {
  if (text === undefined || /^\d{4}-/.test(text)) return text;
  return new Date(ctx.now().getTime() - parseDuration(text, "--since")).toISOString();
}

/** A whole number from 1 on. Throws `usage`, naming the option. */
export function parseCount(text: string, option: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new IngotError("usage", `expected a whole number from 1 on for ${option}, got ${JSON.stringify(text)}`);
}
