import { readFileSync } from "node:fs";
import { relative } from "node:path";
import type { ProposedPolicy } from "../../controller/verbs/apply-policy.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { nearestWord } from "../../ground/nearest-word.ts";
import type { EnvironmentDefinition, Project } from "../../project/definition.ts";
import { openProject, type ProjectOptions } from "../open-project.ts";

/**
 * The policies of `environments:` of ingot.yaml, of those that are named or of all. Throws `environment-unknown` with the nearest name, and `definition-invalid` for a project without
 * environments or a policy that is not UTF-8.
 */
export async function readProposed(
  ctx: Context,
  names: readonly string[],
  options: ProjectOptions,
): Promise<readonly ProposedPolicy[]> {
  const { project } = await openProject(ctx, options);
  if (project.environments.size === 0) {
    throw new IngotError("definition-invalid", `${project.path} names no environments`, {
      hint: "write such as `environments: {production: {approvals: 2}}`",
    });
  }
  const wanted = names.length === 0 ? [...project.environments.keys()] : [...new Set(names)];
  return wanted.map((name) => toProposed(project, requireEnvironment(project, name)));
}

function requireEnvironment({ environments, path }: Project, name: string): EnvironmentDefinition {
  const found = environments.get(name);
  if (found !== undefined) return found;
  const near = nearestWord(name, [...environments.keys()]);
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  throw new IngotError("environment-unknown", `${path} has no environment ${JSON.stringify(name)}${meant}`, {
    hint: `it has ${[...environments.keys()].join(", ")}`,
  });
}

function toProposed({ folder }: Project, { name, policy, approvals }: EnvironmentDefinition): ProposedPolicy {
  if (policy === undefined) return { environment: name, approvals, files: [] };
  // As the project names it: another checkout must not make another policy.
  return { environment: name, approvals, files: [{ name: relative(folder, policy), text: readText(policy) }] };
}

function readText(path: string): string {
  const bytes = readFileSync(path);
  const text = bytes.toString("utf8");
  if (Buffer.from(text).equals(bytes)) return text;
  throw new IngotError("policy-invalid", `the policy ${path} is not UTF-8`, { hint: "save it as UTF-8" });
}
