import type { Referrer } from "./check-referrer.ts";

/** An annotation of a manifest that says the same as another one, which it names: a controller attaches each statement a second time, with its place in the signature log. */
export const copyAnnotation = "dev.ingot.copy-of";

/** `1 statement`, `2 statements`. */
export function sayStatements(referrers: Parameters<typeof countOnce>[0]): string {
  const count = countOnce(referrers);
  return `${count} ${count === 1 ? "statement" : "statements"}`;
}

/** How many different things are attached. A copy whose original is not among them counts for it. */
export function countOnce(referrers: readonly Pick<Referrer, "descriptor" | "annotations">[]): number {
  return new Set(referrers.map(({ descriptor, annotations }) => annotations[copyAnnotation] ?? descriptor.digest)).size;
}
