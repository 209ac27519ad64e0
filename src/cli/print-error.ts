import { IngotError } from "../ground/error.ts";
import { explainSystemError } from "./system-error.ts";
import { stoppedExitCode } from "./process-end.ts";
import { paint } from "./paint.ts";
import { plainJson, plainText } from "./plain-text.ts";

/** Prints why the command failed on stderr, and as an object on stdout with `--json`. Returns the exit code. */
export async function printError(thrown: unknown, options: { json: boolean; signal: AbortSignal }): Promise<number> {
  const wasStopped = options.signal.aborted;
  const error = wasStopped ? stopError(thrown, options.signal) : asIngotError(thrown);
  process.stderr.write(formatError(error));
  if (process.env.INGOT_DEBUG) process.stderr.write(`${stackOf(thrown)}\n`);
  if (options.json) process.stdout.write(`${plainJson(JSON.stringify({ error: describeError(error) }))}\n`);
  return wasStopped ? stoppedExitCode : error.exitCode;
}

/**
 * After a signal, every failure is its consequence (a killed child, an aborted fetch), whatever it calls itself; only what a room itself
 * says about the state it stopped in is kept.
 */
function stopError(thrown: unknown, signal: AbortSignal): IngotError {
  if (thrown instanceof IngotError && thrown.code === "cancelled" && thrown.hint !== undefined) return thrown;
  const message = signal.reason instanceof IngotError ? signal.reason.message : "stopped by a signal";
  return new IngotError("cancelled", message, {
    hint: "nothing half-made is in use; run the same command again to go on",
  });
}

/** Every thrown value as an IngotError: system errors by their errno, anything else as a mistake in Ingot. */
export function asIngotError(thrown: unknown): IngotError {
  if (thrown instanceof IngotError) return thrown;
  const system = explainSystemError(thrown);
  if (system !== undefined) return system;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new IngotError("internal-error", `this is a mistake in Ingot itself (${message})`, {
    hint: "run the same command with INGOT_DEBUG=1 and report its whole output, with ingot --version",
    cause: thrown,
  });
}

/** The error as a person sees it on stderr. */
export function formatError(error: IngotError): string {
  const lines = [
    `${paint("red", "error:")} ${plainText(error.message)}`,
    ...error.details.flatMap((detail) => detail.split("\n")).map((line) => `  ${plainText(line)}`),
    ...(error.hint === undefined ? [] : [`${paint("cyan", "hint:")} ${plainText(error.hint)}`]),
    paint("dim", `code: ${error.code}`),
  ];
  return `${lines.join("\n")}\n`;
}

function describeError(error: IngotError): object {
  return {
    code: error.code,
    message: error.message,
    ...(error.details.length === 0 ? {} : { details: error.details }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}

function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause === undefined ? "" : `\ncaused by: ${stackOf(thrown.cause)}`;
  return `${thrown.stack ?? thrown.message}${cause}`;
}
