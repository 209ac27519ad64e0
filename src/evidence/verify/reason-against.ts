import type { Said } from "./statement-time.ts";

/**
 * Why a rightly signed statement does not speak for the image; undefined where it does. Each kind whose predicate can say no is asked; what it says is believed
 * only where it is the word for yes.
 */
export function reasonAgainst({ kind, statement }: Said): string | undefined {
  switch (kind) {
    case "tests":
      return unless(member(statement, "result"), "PASSED", "its result is");
    case "verdict":
      return unless(member(statement, "verificationResult"), "PASSED", "its result is");
    case "rebuild":
      return unless(member(statement, "result"), "identical", "the rebuild was");
    case "approval":
      return unless(member(statement, "decision"), "approve", "its decision is");
    // A list of what is wrong is a scan all the same: what it says is for policy. The others only state.
    case "scan":
    case "vex":
    case "signature":
    case "provenance":
    case "cyclonedx":
    case "spdx":
    case "other":
      return undefined;
  }
}

function unless(value: unknown, yes: string, what: string): string | undefined {
  if (value === yes) return undefined;
  return `${what} ${JSON.stringify(value)?.slice(0, 100) ?? "not given"}, not ${yes}`;
}

function member({ predicate }: Said["statement"], name: string): unknown {
  return typeof predicate === "object" && predicate !== null ? (predicate as Record<string, unknown>)[name] : undefined;
}
