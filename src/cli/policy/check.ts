import type { Command } from "commander";
import type { PolicyFinding } from "../../policy/finding.ts";
import type { Handle, Outcome } from "../command.ts";
import { count } from "./count.ts";
import { plainText } from "../plain-text.ts";
import type { ProjectOptions } from "../open-project.ts";

/** `ingot policy check [FILE…]`: what cannot be right in a policy, without a controller. Exit 1 where a mistake would keep it from being put in force. */
export function declareCheck(parent: Command, handle: Handle): void {
  parent
    .command("check")
    .description(
      "find mistakes of syntax and types in policies, rules that no request reaches, and what denials cannot say",
    )
    .argument("[file...]", "which policies (default: those that ingot.yaml names, and the shipped one)")
    .option("--file <path>", "the ingot.yaml, where it is not the nearest one upwards")
    .action(
      handle<ProjectOptions, [string[]]>(async ({ ctx, options }, paths) => {
        const { readPolicySources } = await import("./policy-sources.ts");
        const { openPolicyEngine } = await import("../../policy/engine/policy-engine.ts");
        const { checkPolicies } = await import("../../policy/check/check-policies.ts");
        const sources = await readPolicySources(ctx, paths, options);
        const engine = await openPolicyEngine();
        // With the roles, beside which each is in force; they are told of only where they are what is checked.
        const roles = { ...engine.shipped.roles, name: "the shipped roles.cedar" };
        const findings = sources.flatMap(({ file, approvals }) =>
          checkPolicies(engine, [roles, file], { approvals }).filter((one) => one.file === file.name),
        );
        return describe(findings, sources.length);
      }),
    );
}

function describe(findings: readonly PolicyFinding[], policies: number): Outcome {
  const of = (severity: PolicyFinding["severity"]): number =>
    findings.filter((one) => one.severity === severity).length;
  const found = [count(of("error"), "mistake"), count(of("warning"), "warning"), count(of("hint"), "hint")];
  const summary = `${policies === 1 ? "1 policy" : `${policies} policies`}: ${findings.length === 0 ? "nothing to find fault with" : found.join(", ")}`;
  return {
    json: { policies, findings },
    text: [...findings.flatMap(describeFinding), summary].join("\n"),
    exitCode: of("error") > 0 ? 1 : 0,
  };
}

function describeFinding({ severity, file, line, column, message, next }: PolicyFinding): readonly string[] {
  const word = severity === "error" ? "mistake" : severity;
  return [
    plainText(`${file}:${line}:${column}: ${word}: ${message}`),
    ...(next === undefined ? [] : [plainText(`    next: ${next}`)]),
  ];
}
