import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { durationPattern, readDuration, readSize, sizePattern } from "../project/scalars.ts";

/** What the scripts of packages and the commands below `run:` may take of the host: all that run at the same time together. */
export type ScriptLimits = {
  /** Processes and threads. */
  readonly processes: number;
  /** Bytes, with the tree where it is made in memory. */
  readonly memory: number;
  /** Milliseconds, for each one. */
  readonly time: number;
};

/** Far more than any package's script takes, and little enough that the host goes on: a fork bomb and a script that waits for ever end. */
const usual = { INGOT_SCRIPT_PROCESSES: "4096", INGOT_SCRIPT_TIMEOUT: "1h" } as const;

/** `available`: bytes of memory that the host can spare, of which a tenth is left to it. Throws `usage` for a variable that says no such thing. */
export function scriptLimits({ env }: Pick<Context, "env">, available: number): ScriptLimits {
  const memory = env.INGOT_SCRIPT_MEMORY || String(Math.floor(available * 0.9));
  const processes = env.INGOT_SCRIPT_PROCESSES || usual.INGOT_SCRIPT_PROCESSES;
  const time = env.INGOT_SCRIPT_TIMEOUT || usual.INGOT_SCRIPT_TIMEOUT;
  if (!/^[1-9]\d{0,6}$/.test(processes)) throw unusable("INGOT_SCRIPT_PROCESSES", processes, "a number such as 4096");
  if (!/^\d+$/.test(memory) && !sizePattern.test(memory))
    throw unusable("INGOT_SCRIPT_MEMORY", memory, "a size such as 2G");
  if (!durationPattern.test(time)) throw unusable("INGOT_SCRIPT_TIMEOUT", time, "a duration such as 30m");
  return { processes: Number(processes), memory: readSize(memory), time: readDuration(time) };
}

function unusable(name: string, text: string, wanted: string): IngotError {
  return new IngotError("usage", `${name} is ${JSON.stringify(text)}, not ${wanted}`, { hint: `unset ${name}` });
}
