import { readFileSync, statSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { IngotError, isErrno } from "../../ground/error.ts";
import type { Context } from "../../ground/context.ts";
import type { PolicyFile } from "../../policy/policy.ts";
import { readShippedPolicies, shippedCasesPath } from "../../policy/shipped.ts";
import { inProjectIfAny, openProject, type ProjectOptions } from "../open-project.ts";

/** A policy of an environment, as a person has it before it is put in force. */
export type PolicySource = {
  readonly file: PolicyFile;
  /** Where its cases would be; whether they are there is to be seen. */
  readonly casesPath: string;
  /** How many approvals the environments ask for that ingot.yaml names it for; the most of them. */
  readonly approvals: number;
  /** It came with Ingot. */
  readonly isShipped: boolean;
};

/** Larger files are refused before they are read. */
const mostBytes = 4_000_000;

/** The policies at `paths` (a policy's cases stand for it); without any, those that `environments:` of ingot.yaml name, and the shipped one. Throws `policy-invalid`. */
export async function readPolicySources(
  ctx: Context,
  paths: readonly string[],
  options: ProjectOptions,
): Promise<readonly PolicySource[]> {
  if (paths.length > 0) return paths.map((path) => readSource(ctx, resolve(ctx.cwd, policyPathOf(path))));
  const named = await inProjectIfAny(options, async () => {
    const { project } = await openProject(ctx, options);
    const approvals = new Map<string, number>();
    for (const one of project.environments.values()) {
      if (one.policy === undefined) continue;
      approvals.set(one.policy, Math.max(one.approvals, approvals.get(one.policy) ?? 0));
    }
    return [...approvals];
  });
  const { environment: file } = readShippedPolicies();
  return [
    ...(named ?? []).map(([path, approvals]) => readSource(ctx, path, approvals)),
    { file, casesPath: shippedCasesPath, isShipped: true, approvals: 0 },
  ];
}

/** A text that a person named, with its path as they would write it. Throws `policy-invalid` where it is not there, too large or not UTF-8. */
export function readNamed(ctx: Context, path: string): PolicyFile {
  const name = nearPath(ctx, path);
  try {
    const { size } = statSync(path);
    if (size > mostBytes) throw unreadable(`${name} has ${size} bytes; a policy is far smaller`);
    const bytes = readFileSync(path);
    const text = bytes.toString("utf8");
    if (!Buffer.from(text).equals(bytes)) throw unreadable(`${name} is not UTF-8`);
    return { name, text };
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) throw unreadable(`there is no file ${name}`, error);
    if (isErrno(error, "EISDIR")) throw unreadable(`${name} is a folder`, error);
    throw error;
  }
}

function readSource(ctx: Context, path: string, approvals = 0): PolicySource {
  const casesPath = `${path.replace(/\.cedar$/, "")}.cases.yaml`;
  return { file: readNamed(ctx, path), casesPath, approvals, isShipped: false };
}

function policyPathOf(path: string): string {
  return path.replace(/\.cases\.ya?ml$/, ".cedar");
}

/** As a person in this folder would write it; above the folder's parent, as it is. */
function nearPath({ cwd }: Context, path: string): string {
  const way = relative(cwd, path);
  return way.startsWith("..") && dirname(way) !== ".." ? path : way;
}

function unreadable(message: string, cause?: unknown): IngotError {
  return new IngotError("policy-invalid", message, {
    hint: "`ingot policy show environment` prints the shipped policy, as a start for one",
    ...(cause === undefined ? {} : { cause }),
  });
}
