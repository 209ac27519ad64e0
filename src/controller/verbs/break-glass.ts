import { IngotError } from "../../ground/error.ts";
import { isReadable } from "./is-readable.ts";
import { sayAge } from "../../policy/explain/printable.ts";

/** That somebody goes around an environment's policy, why, and for how long. */
export type BreakGlass = { readonly reason: string; readonly seconds: number };

const usual = 4 * 3600;
const longest = 24 * 3600;
const longestReason = 500;

/** Throws `break-glass-malformed` without a reason, or for longer than a day: what goes on for longer is no emergency. */
export function parseBreakGlass(reason: string, seconds = usual): BreakGlass {
  const told = reason.trim();
  if (!isReadable(told) || told.length > longestReason) {
    throw malformed(`breaking the glass takes a reason of 1 to ${longestReason} characters, got ${told.length}`);
  }
  if (!Number.isInteger(seconds) || seconds < 60 || seconds > longest) {
    throw malformed(`a glass is broken for 1 minute to 24 hours, got ${sayAge(Math.max(0, Math.floor(seconds)))}`);
  }
  return { reason: told, seconds };
}

function malformed(message: string): IngotError {
  return new IngotError("break-glass-malformed", message, {
    hint: 'ingot deploy SERVICE --to ENVIRONMENT --break-glass "what is burning, and where it is followed up" --for 4h',
  });
}
