import type { PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import type { PolicyFile } from "../policy.ts";
import type { TimeUse } from "./time-use.ts";
import type { UsedFacts } from "./used-facts.ts";

/** One rule of a policy, parsed. */
export type Rule = {
  /** Its `@id`, or `production.cedar rule 3`. */
  readonly name: string;
  readonly effect: "permit" | "forbid";
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly scope: "everywhere" | "environment";
  readonly text: string;
  /** For looking into it, never to decide by: its numbers are JavaScript's, which are not exact past 2^53. */
  readonly json: PolicyJson;
  readonly annotations: Readonly<Record<string, string>>;
};

/** The rules of a policy set. Cedar knows each by its index. */
export type CompiledPolicies = {
  readonly digest: string;
  readonly files: readonly PolicyFile[];
  readonly rules: readonly Rule[];
  /** With which moments its rules compare. */
  readonly time: TimeUse;
  /** Which facts they look at. */
  readonly used: UsedFacts;
};
