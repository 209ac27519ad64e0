import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Patience } from "./transfer.ts";

/**
 * Runs `attempt` until it does not throw `download-failed`, at most `patience.attempts` times; throws the last one's
 * error.
 */
export async function withRetries<T>(ctx: Context, patience: Patience, attempt: () => Promise<T>): Promise<T> {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isCode(error, ["download-failed"])) throw error;
      if (number >= patience.attempts) throw lastError(error, number);
    }
    await pause(ctx, patience.backoff * 2 ** (number - 1));
  }
}

/**
 * Runs `work` for one mirror after the other until it succeeds. When none does, throws the first one's error, with
 * the others' as details.
 */
export async function fromAnyMirror<T>(uris: readonly string[], work: (root: string) => Promise<T>): Promise<T> {
  const errors: IngotError[] = [];
  for (const root of uris) {
    try {
      return await work(root);
    } catch (error) {
      if (!isCode(error, mirrorFaults)) throw error;
      errors.push(error);
    }
  }
  const [first, ...others] = errors;
  if (!first) throw new IngotError("mirror-unknown", "no mirror is named for this archive");
  // A guessed address that lacks the file says less than a mirror that broke.
  const told = errors.find((error) => error.code !== "download-missing") ?? first;
  const details = [...told.details, ...others.map((error) => error.message)];
  throw new IngotError(told.code, told.message, { cause: told, details, ...(told.hint ? { hint: told.hint } : {}) });
}

/** What another mirror of the same archive may do better. */
const mirrorFaults = ["archive-changing", "download-corrupt", "download-failed", "download-missing"] as const;

export function isCode(error: unknown, codes: readonly IngotError["code"][]): error is IngotError {
  return error instanceof IngotError && codes.includes(error.code);
}

function lastError(error: IngotError, attempts: number): IngotError {
  return new IngotError("download-failed", `${error.message} (tried ${attempts} times)`, {
    cause: error,
    hint: "check the network and the mirror, then run the same command again: it goes on where it stopped",
  });
}

/** Half to one and a half times as long, so that many clients of a mirror that comes back do not come in step. */
export async function pause(ctx: Context, milliseconds: number): Promise<void> {
  const jitter = 0.5 + ctx.randomBytes(2).readUInt16BE() / 65_536;
  try {
    await sleep(milliseconds * jitter, undefined, { signal: ctx.signal });
  } catch (error) {
    throw new IngotError("cancelled", "the download was stopped", { cause: error });
  }
}
