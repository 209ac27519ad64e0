import type { Command } from "commander";

/** What `policy diff` and `policy apply` are about: environments of ingot.yaml. */
export function declareEnvironments(command: Command): Command {
  return command
    .argument("[environment...]", "which environments (default: all of ingot.yaml)")
    .option("--file <path>", "the ingot.yaml, where it is not the nearest one upwards");
}
