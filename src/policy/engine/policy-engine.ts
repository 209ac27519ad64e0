import { readShippedPolicies, type ShippedPolicies } from "../shipped.ts";
import type { PolicyEngine, PolicyFile, PolicySet } from "../policy.ts";
import type { CompiledPolicies } from "./compiled.ts";
import { decide } from "./decide.ts";
import { makeEvaluator } from "./evaluator.ts";
import { compilePolicies, digestOfFiles, parsePolicies, type ParsedPolicies } from "./parse-policies.ts";

/** The engine with what checks and cases need besides. It reads no clock; the same request and policies always give the same decision. */
export type OpenPolicyEngine = PolicyEngine & {
  readonly shipped: ShippedPolicies;
  /** Any files, checked as a whole and kept by their digest. Throws `policy-invalid` with every mistake as `file:line:column: …` in `details`. */
  readonly parse: (files: readonly PolicyFile[]) => PolicySet;
  /** Without throwing: the rules, and all that is wrong with them. */
  readonly inspect: (files: readonly PolicyFile[]) => ParsedPolicies;
};

/** So many policy sets are kept parsed; an environment's policies are asked for again and again. */
const mostKept = 256;

/** Loads Cedar, which takes 30 ms: call it once, and only where something is to be decided or checked. A decision takes less than a millisecond. */
export async function openPolicyEngine(): Promise<OpenPolicyEngine> {
  // Here, so that whoever only names the types of this file does not load it.
  const { openCedar } = await import("./cedar.ts");
  const host = openCedar();
  const shipped = readShippedPolicies();
  const schema = shipped.schema.text;
  const evaluate = makeEvaluator(host, schema);
  const kept = new Map<string, CompiledPolicies>();
  const compile = (files: readonly PolicyFile[]): CompiledPolicies => {
    const digest = digestOfFiles(files);
    const known = kept.get(digest);
    if (known !== undefined) return known;
    const compiled = compilePolicies(host, { schema, known: [shipped.roles.text, shipped.environment.text] }, files);
    const [oldest] = kept.keys();
    if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
    kept.set(digest, compiled);
    return compiled;
  };
  const parse = (files: readonly PolicyFile[]): PolicySet => ({ digest: compile(files).digest, files });
  return {
    shipped,
    parse,
    forEnvironment: (files) =>
      parse([shipped.roles, ...(files.length === 0 ? [shipped.environment] : files.map(ofEnvironment))]),
    rolesOnly: () => parse([shipped.roles]),
    decide: (set, request) => decide(evaluate, kept.get(set.digest) ?? compile(set.files), request),
    inspect: (files) => parsePolicies(host, { schema, known: [] }, files),
  };
}

/** Whatever was recorded with it: only the shipped roles hold everywhere. */
function ofEnvironment({ name, text }: PolicyFile): PolicyFile {
  return { name, text };
}
