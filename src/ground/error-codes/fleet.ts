import type { Catalogue } from "./catalogue.ts";

/** Of `fleet`: rollouts, health, traffic. */
export const fleetCodes = {} as const satisfies Catalogue;
