import type { StatementFacts } from "../../events/statement-events.ts";
import { clip, secondsOf, View } from "./view.ts";

const mostNames = 50;

/**
 * What a result of tests says: passed is only what says PASSED and names nothing that failed. `received` (seconds): of a no without a date nobody knows that it is old, so it
 * counts as new; of such a yes nobody knows that it is new.
 */
export function extractTests(predicate: unknown, received: number): StatementFacts {
  const result = new View(predicate);
  const failed = (result.at("failedTests").list ?? []).map((name) => clip(name.text ?? "a test without a name", 120));
  const isListed = !result.at("failedTests").isThere || result.at("failedTests").list !== undefined;
  const passed = result.at("result").text === "PASSED" && failed.length === 0 && isListed;
  const finished = secondsOf(result.at("finishedOn").text) ?? (passed ? 0 : received);
  return { kind: "tests", passed, finished, failed: failed.slice(0, mostNames) };
}
