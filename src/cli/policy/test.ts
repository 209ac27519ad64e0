import { existsSync } from "node:fs";
import type { Command } from "commander";
import type { CaseResult } from "../../policy/cases/run-cases.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { PolicyEngine } from "../../policy/policy.ts";
import type { Handle, Outcome } from "../command.ts";
import type { ProjectOptions } from "../open-project.ts";
import { plainText } from "../plain-text.ts";
import { count } from "./count.ts";
import { readNamed, readPolicySources, type PolicySource } from "./policy-sources.ts";

type Tested = { readonly policy: string; readonly results: readonly CaseResult[] };

/** `ingot policy test [FILE…]`: decides the cases beside policies, without a controller. Exit 4 where one is decided otherwise than it says. */
export function declareTest(parent: Command, handle: Handle): void {
  parent
    .command("test")
    .description("decide the cases of policies: policy/production.cases.yaml is for policy/production.cedar")
    .argument("[file...]", "which policies or cases (default: those that ingot.yaml names, and the shipped one)")
    .option("--file <path>", "the ingot.yaml, where it is not the nearest one upwards")
    .action(
      handle<ProjectOptions, [string[]]>(async ({ ctx, options }, paths) => {
        const sources = await readPolicySources(ctx, paths, options);
        const { openPolicyEngine } = await import("../../policy/engine/policy-engine.ts");
        const engine = await openPolicyEngine();
        const tested: Tested[] = [];
        for (const source of sources) {
          if (existsSync(source.casesPath)) tested.push(await testPolicy(ctx, engine, source));
          else tellUntested(ctx, source, { isNamed: paths.length > 0 });
        }
        return describe(tested);
      }),
    );
}

async function testPolicy(
  ctx: Context,
  engine: PolicyEngine,
  { file, casesPath, isShipped }: PolicySource,
): Promise<Tested> {
  const { readCases } = await import("../../policy/cases/read-cases.ts");
  const { runCases } = await import("../../policy/cases/run-cases.ts");
  const cases = readNamed(ctx, casesPath);
  const results = runCases(engine, [file], readCases(cases.name, cases.text));
  return { policy: isShipped ? "the shipped policy" : file.name, results };
}

/** Cases that were asked for must be there; a policy of ingot.yaml may be without, out loud. */
function tellUntested(
  ctx: Context,
  { file, casesPath }: PolicySource,
  { isNamed }: { readonly isNamed: boolean },
): void {
  const message = `${file.name} has no cases: there is no ${casesPath}`;
  const hint = "docs/policy.md says how to write them";
  if (isNamed) throw new IngotError("policy-cases-invalid", message, { hint });
  ctx.report.warn(`${message}; ${hint}`);
}

function describe(tested: readonly Tested[]): Outcome {
  const results = tested.flatMap((one) => one.results);
  const failed = results.filter(({ passed }) => !passed).length;
  const summary = `${count(results.length - failed, "case")} as expected${failed === 0 ? "" : `, ${count(failed, "case")} decided otherwise`}`;
  return {
    json: { cases: results.length, failed, policies: tested },
    text: [...tested.flatMap((one) => [one.policy, ...one.results.flatMap(describeResult)]), summary].join("\n"),
    exitCode: failed === 0 ? 0 : 4,
  };
}

function describeResult({ passed, name, file, line, problems }: CaseResult): readonly string[] {
  if (passed) return [plainText(`  ✔ ${name}`)];
  const lines = problems.flatMap((one) => one.split("\n"));
  return [plainText(`  ✖ ${name}  (${file}:${line})`), ...lines.map((one) => plainText(`      ${one}`))];
}
