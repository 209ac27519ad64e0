import type { Side } from "./scene.ts";

/** How many of a side serve once those that are ready are admitted, up to so many. */
export function servingAfterAdmission(side: Side, limit: number): number {
  return Math.max(side.good.length, Math.min(limit, side.good.length + side.ready.length));
}
