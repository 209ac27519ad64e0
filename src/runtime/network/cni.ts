import { join } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { runCommand } from "../../ground/run-command.ts";

export type CniCall = {
  readonly command: "ADD" | "DEL" | "CHECK";
  readonly containerId: string;
  readonly networkNamespace: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly type: string };
};

const defaultPath = "/usr/lib/cni";

/** Runs a CNI plugin (CNI specification 1.0, section 2) and returns the result it prints; undefined when it prints none. Throws `network-failed`. */
export async function callCni(ctx: Context, call: CniCall): Promise<unknown> {
  const path = ctx.env.CNI_PATH ?? defaultPath;
  const result = await runCommand(join(pluginFolder(ctx), call.config.type), [], {
    env: {
      PATH: ctx.env.PATH,
      CNI_COMMAND: call.command,
      CNI_CONTAINERID: call.containerId,
      CNI_NETNS: call.networkNamespace,
      CNI_IFNAME: "eth0",
      CNI_PATH: path,
    },
    input: JSON.stringify(call.config),
    allowFailure: true,
    package: "containernetworking-plugins",
  });
  const answer = parse(result.stdout);
  if (result.code === 0) return answer;
  throw failed(call, describe(answer) ?? (result.stderr.trim() || `exit code ${result.code}`));
}

/** Where the plugins are; `CNI_PATH` may name more folders, of which the first is used. */
export function pluginFolder(ctx: Pick<Context, "env">): string {
  return ctx.env.CNI_PATH?.split(":")[0] ?? defaultPath;
}

function parse(stdout: string): unknown {
  try {
    return stdout.trim() === "" ? undefined : JSON.parse(stdout);
  } catch {
    // A plugin that crashed prints no JSON; its exit code and stderr tell why.
    return undefined;
  }
}

/** Section 4 of the specification: an error is an object with `code`, `msg` and `details`. */
function describe(answer: unknown): string | undefined {
  if (typeof answer !== "object" || answer === null || !("msg" in answer)) return undefined;
  const details = "details" in answer && answer.details ? ` (${asText(answer.details)})` : "";
  return `${asText(answer.msg)}${details}`;
}

/** Some plugins put an object where the specification has a text. */
function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function failed(call: CniCall, why: string): IngotError {
  return new IngotError(
    "network-failed",
    `the CNI plugin ${call.config.type} failed at ${call.command} for ${call.containerId}: ${why}`,
    {
      hint: "the plugins come with containernetworking-plugins; CNI_PATH says where they are",
    },
  );
}
