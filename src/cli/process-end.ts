import { IngotError } from "../ground/error.ts";

/** The exit code of a command that a signal stopped. */
export const stoppedExitCode = 130;

/**
 * The first SIGINT or SIGTERM aborts the returned signal, so that the command can clean up; the second ends the process at once, which
 * every durable write survives.
 */
export function watchSignals(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(stoppedExitCode);
    controller.abort(new IngotError("cancelled", `stopped by ${name}`));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return controller.signal;
}

/** A reader that went away (`ingot images | head -1`) is no error: the rest of the output has no one to read it. */
export function guardOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
  process.stderr.on("error", () => {});
  // Until the end is reached the process has failed: an event loop that runs dry must not look like success.
  process.exitCode = 1;
}

/** Ends the process after its output is written; open sockets and idle workers do not hold it. */
export function endProcess(exitCode: number): Promise<never> {
  process.exitCode = exitCode;
  return new Promise(() => {
    process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
  });
}
