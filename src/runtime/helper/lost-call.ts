import { IngotError } from "../../ground/error.ts";
import type { Method } from "./resident-messages.ts";

/** Of a call that was under way when the resident process ended: in what state things are, and what to do. `why`: a signal's name, an exit code. */
export function lostCall(method: Method, why: string): IngotError {
  const what = `the process that runs instances ended (${why})`;
  switch (method) {
    case "start":
    case "runToEnd":
    case "prepare":
      return new IngotError("instance-start-failed", `${what} in the middle of a start`, {
        hint: "what was begun is removed by: ingot instances; then start again",
      });
    case "stop":
    case "freeze":
    case "thaw":
      return new IngotError("instance-stop-failed", `${what} before it was done with: ${method}`, {
        hint: "the same command can be repeated",
      });
    default:
      return new IngotError("runtime-helper-ended", `${what} before it answered: ${method}`, {
        hint: "it is started again; repeat the command",
      });
  }
}
