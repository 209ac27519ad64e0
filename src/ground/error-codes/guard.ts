import type { Catalogue } from "./catalogue.ts";

/** Of `guard`: sensors, drift, capture. */
export const guardCodes = {} as const satisfies Catalogue;
