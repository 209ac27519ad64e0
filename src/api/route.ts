import { z } from "zod";
import type { Controller } from "../controller/controller.ts";
import type { ErrorCode } from "../ground/error-codes.ts";
import type { Principal } from "../policy/policy.ts";

/** What a handler gets: who asks, and what was checked by the route's schemas. */
export type RouteCall<Input> = {
  readonly controller: Controller;
  readonly principal: Principal;
  readonly input: Input;
  /** Ends when the client goes away, or the server ends. */
  readonly signal: AbortSignal;
  /** Who asks, as it is now: what takes long ends with the token. Throws `token-expired`, `token-invalid`. */
  readonly recheck: () => Promise<Principal>;
  readonly header: (name: string) => string | undefined;
};

/**
 * One route of the REST API, as data: the server, the OpenAPI document and its test are made from it. `input` is the union of path, query and body, by their
 * names; a name that is in the path's braces comes from there, others from the query for GET and DELETE and from the JSON body else.
 */
export type Route<Input = unknown, Answer = unknown> = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** `/api/v1/releases/{environment}/{service}`. */
  readonly path: string;
  /** Unique; the name of the client's method: `listReleases`. */
  readonly id: string;
  readonly summary: string;
  /** `anonymous` for what must be reachable to sign in. */
  readonly access: "principal" | "anonymous";
  readonly input: z.ZodType<Input>;
  readonly answer: z.ZodType<Answer>;
  /** Errors of its own, beside those that every route may answer with. */
  readonly errors: readonly ErrorCode[];
  /** Answers with a stream of its own, not with JSON. */
  readonly stream?: true;
  readonly handle: (call: RouteCall<Input>) => Promise<Answer | Response>;
};

/** Keeps the types of a route's schemas and handler together. */
export function defineRoute<Input, Answer>(route: Route<Input, Answer>): Route<Input, Answer> {
  const { input } = route;
  // A member that nobody reads is a mistake that nobody would see: `breakglass` for `breakGlass`.
  if (input instanceof z.ZodObject)
    return { ...route, input: z.strictObject(input.shape) as unknown as z.ZodType<Input> };
  return route;
}

/** Any route, for what handles all of them. Its handler is given what its own `input` schema returned. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyRoute = Route<any, any>;
