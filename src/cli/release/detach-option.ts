import type { Command } from "commander";

export type RollOutOptions = { readonly detach?: boolean };

/** What every command that makes a release takes. */
export function addDetach(command: Command): Command {
  return command.option("--detach", "do not wait for the end of its rollout");
}
