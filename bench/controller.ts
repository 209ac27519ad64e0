import { bench as ledger } from "./controller/ledger.ts";
import { bench as policy } from "./controller/policy.ts";
import { bench as release } from "./controller/release.ts";
import { bench as registry } from "./controller/registry.ts";
import { bench as start } from "./controller/start.ts";
import type { Bench } from "./comparison.ts";

/** The controller: its registry, its decisions, its ledger, and what it takes to have it run. */
export const bench: Bench = async function* (work) {
  for (const part of [registry, policy, release, ledger, start]) yield* part(work);
};
