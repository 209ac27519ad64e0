import type { IncomingMessage, ServerResponse } from "node:http";
import type { Registry } from "../../controller/registry/registry.ts";
import type { Principal } from "../../policy/policy.ts";
import type { BodyLimits } from "../body.ts";

/** One request to the registry by somebody who is known. */
export type RegistryCall = {
  readonly registry: Registry;
  readonly principal: Principal;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of the URL; undefined where there is none. */
  readonly query: URLSearchParams | undefined;
  readonly bodyLimits: BodyLimits;
};
