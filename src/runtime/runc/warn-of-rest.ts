import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";

/** Of what could not be removed of an instance: the next `list` tries again. */
export function warnOfRest(ctx: Context, left: unknown): void {
  if (!(left instanceof IngotError)) throw left;
  ctx.report.warn([left.message, ...left.details, `next: ${left.hint}`].join("\n  "));
}
