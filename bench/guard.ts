import { whyNoInstances } from "../test/support/runtime-image.ts";
import type { Bench } from "./comparison.ts";
import { contentCheck } from "./guard/content-check.ts";
import { printIdleCost } from "./guard/idle-cost.ts";
import { printLatency } from "./guard/latency.ts";
import { printReplacement } from "./guard/replacement.ts";

/** The guard in a process of its own, as a controller has it: how soon it sees, what it costs, and how long what was found stays. */
export const bench: Bench = async function* (work) {
  const reason = process.arch === "x64" ? whyNoInstances() : "the foreign program is one for x86-64";
  if (reason !== undefined) return console.error(`guard: skipped, ${reason}`);
  await printLatency(work, 1000);
  await printIdleCost(work, { instances: 50, seconds: 20 });
  await printReplacement(work, 10);
  yield* contentCheck(work);
};
