import { IngotError } from "./error.ts";

/** For a value that other code has made sure of: gives it back, or throws `internal-error` saying `what` is missing. */
export function present<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new IngotError("internal-error", `${what} is missing`);
}
