import type { Catalogue } from "./catalogue.ts";

/** Of `guard`: sensors, drift, capture. */
export const guardCodes = {
  "capture-failed": { exit: 1, means: "What could be seen of an instance could not be kept as an artifact." },
  "drift-unknown": { exit: 1, means: "An event is no drift that was found." },
  "breaker-closed": { exit: 1, means: "A breaker should be closed that is not open." },
} as const satisfies Catalogue;
