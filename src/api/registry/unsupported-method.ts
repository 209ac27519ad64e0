import type { IncomingMessage } from "node:http";
import { IngotError } from "../../ground/error.ts";

/** The error of a method that an endpoint does not have. */
export function unsupportedMethod({ method }: IncomingMessage, allowed: string): IngotError {
  return new IngotError("registry-request-unsupported", `${method} is not possible here, but ${allowed}`);
}
