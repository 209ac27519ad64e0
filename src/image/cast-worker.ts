/**
 * The process that makes the tree, started by `cast.ts` as PID 1 of namespaces of its own: when it ends, however it ends, the kernel ends all that it
 * started and drops what it mounted.
 */
import { flushCompileCache } from "node:module";
import { IngotError, isErrno } from "../ground/error.ts";
import type { CastFailure, CastMessage, CastRequest } from "./cast-messages.ts";
import { runCast } from "./run-cast.ts";

process.umask(0);
// The caller's groups have no number in here.
process.setgroups?.([]);
// The parent is gone, by Ctrl-C or by SIGKILL: so is this cast.
process.on("disconnect", () => process.exit(1));
process.once("message", (request: CastRequest) => void serve(request));
send({ kind: "ready" });
// At its end this process is killed, and then nothing is kept: keeps what was compiled now, which saves the next start a tenth of a second.
flushCompileCache();

async function serve(request: CastRequest): Promise<void> {
  try {
    const { results, timings } = await runCast(request, send);
    send({ kind: "done", results, timings });
  } catch (error) {
    send({ kind: "failed", error: failure(error) });
  }
}

function send(message: CastMessage): void {
  process.send?.(message);
}

function failure(error: unknown): CastFailure {
  if (error instanceof IngotError) {
    const { code, message, hint, details } = error;
    return { code, message, details, ...(hint !== undefined && { hint }) };
  }
  if (isErrno(error, "ENOSPC") || isErrno(error, "EDQUOT")) {
    return {
      code: "disk-full",
      message: "no space is left to make the image's tree",
      hint: spaceHint,
      details: [String(error)],
    };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: "internal-error", message: "the cast stopped at a mistake in Ingot", details: stack.split("\n") };
}

const spaceHint = "free space below $INGOT_HOME, or memory, then run the same command again; nothing was changed";
