import type { Command } from "commander";
import { parseDuration } from "../parse-duration.ts";

export type BreakGlassOptions = { readonly breakGlass?: string; readonly for?: string };

/** The two options of every command that makes a release. */
export function addBreakGlass(command: Command): Command {
  return command
    .option("--break-glass <reason>", "go around the environment's policy, for a time, in everybody's sight")
    .option("--for <duration>", "with --break-glass: for how long (default: 4h, at most 24h)");
}

/** As the API takes it. Throws `usage`. */
export function readBreakGlass(options: BreakGlassOptions): object {
  if (options.breakGlass === undefined) return {};
  const seconds = options.for === undefined ? {} : { seconds: Math.round(parseDuration(options.for, "--for") / 1000) };
  return { breakGlass: { reason: options.breakGlass, ...seconds } };
}
