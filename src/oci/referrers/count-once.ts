import type { Referrer } from "./check-referrer.ts";

/** An annotation of a manifest that says the same as another one, which it names: a controller attaches each statement a second time, with its place in the signature log. */
export const copyAnnotation = "dev.ingot.copy-of";

/** How many different things are attached. A copy whose original is not among them counts for it. */
export function countOnce(referrers: readonly Pick<Referrer, "descriptor" | "annotations">[]): number {
  return new Set(referrers.map(({ descriptor, annotations }) => annotations[copyAnnotation] ?? descriptor.digest)).size;
}
