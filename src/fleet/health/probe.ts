import { plainText } from "./plain-text.ts";
import { probeHttp } from "./probe-http.ts";
import { probeTcp } from "./probe-tcp.ts";
import type { Checked } from "./health.ts";
import type { Runtime } from "../../runtime/runtime.ts";

/** Undefined: it is well; else what was wrong, one line for people. */
export type Finding = string | undefined;

/** Checks an instance once: always answers within its timeout, however the instance behaves. */
export async function probe(one: Checked, execute: Runtime["execute"], signal: AbortSignal): Promise<Finding> {
  const { probe: how, timeout } = one.check;
  if (how.kind === "started") return undefined;
  if (how.kind === "run") return runInside(one, how.command, execute);
  const { address, port } = one;
  if (address === undefined || port === undefined) return "the instance has no address and port to check";
  const target = { address, port, timeout, signal };
  return how.kind === "http" ? probeHttp(how.path, target) : probeTcp(target);
}

async function runInside(one: Checked, command: readonly string[], execute: Runtime["execute"]): Promise<Finding> {
  const [program = ""] = command;
  try {
    const end = await execute(one.id, command, { timeout: one.check.timeout, maxOutput: 4096 });
    if (end.status === "exited" && end.exitCode === 0) return undefined;
    return plainText(`${program} ${describe(end)}${lastLine(end.output)}`);
  } catch (error) {
    // The instance is gone or cannot be entered: that is what the check has found.
    return plainText(`${program} could not be run: ${error instanceof Error ? error.message : "unknown"}`);
  }
}

function describe(end: Awaited<ReturnType<Runtime["execute"]>>): string {
  switch (end.status) {
    case "exited":
      return `ended with exit code ${end.exitCode}`;
    case "killed":
      return `was killed by ${end.signal}`;
    case "timed-out":
      return "did not end in time";
    case "not-started":
      return `could not be started: ${end.reason}`;
  }
}

function lastLine(output: string): string {
  const line = output.trimEnd().split("\n").at(-1) ?? "";
  return line === "" ? "" : `: ${line}`;
}
