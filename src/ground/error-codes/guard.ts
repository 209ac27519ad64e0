import type { Catalogue } from "./catalogue.ts";

/** Of `guard`: sensors, drift, capture. */
export const guardCodes = {
  "guard-instance-unknown": { exit: 1, means: "The guard does not watch an instance of that id." },
  "guard-lost": {
    exit: 1,
    means: "The process of the guard ended while it was asked for something; it is started again.",
  },
  "capture-failed": { exit: 1, means: "What could be seen of an instance could not be kept as an artifact." },
  "guard-not-here": { exit: 1, means: "The controller's instances are not watched by a guard." },
  "drift-unknown": { exit: 1, means: "An event is no drift that was found." },
  "breaker-closed": { exit: 1, means: "A breaker should be closed that is not open." },
} as const satisfies Catalogue;
