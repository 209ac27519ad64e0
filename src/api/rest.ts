import type { HttpBindings } from "@hono/node-server";
import { Hono, type Context as HonoContext } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Controller } from "../controller/controller.ts";
import { authenticate } from "../controller/identity/authenticate.ts";
import { IngotError } from "../ground/error.ts";
import type { Principal } from "../policy/policy.ts";
import { answerError } from "./error-answer.ts";
import { readInput } from "./read-input.ts";
import type { BodyLimits } from "./body.ts";
import type { RestContext } from "./rest-context.ts";
import type { AnyRoute } from "./route.ts";

export type RestOptions = {
  readonly routes: readonly AnyRoute[];
  readonly bodyLimits: BodyLimits;
  /** Ends streams when the server does. */
  readonly closing: AbortSignal;
  /** Is told of what a client is not. */
  readonly onError: (error: unknown, request: { readonly method: string; readonly path: string }) => void;
};

/** The REST API: one handler for each route, and an error answer for everything else. */
export function makeRest(controller: Controller, options: RestOptions): Hono<{ readonly Bindings: HttpBindings }> {
  const { routes, onError } = options;
  const app = new Hono<{ readonly Bindings: HttpBindings }>();
  for (const route of routes) {
    app.on(route.method, toHonoPath(route.path), (c) => answer({ controller, route, options }, c));
  }
  for (const [path, methods] of methodsByPath(routes)) {
    app.all(toHonoPath(path), (c) => {
      c.header("Allow", methods.join(", "));
      throw methodUnknown(c, methods);
    });
  }
  app.notFound((c) => fail(routeUnknown(c), c));
  app.onError((error, c) => fail(error, c));
  const fail = (error: unknown, c: HonoContext): Response => {
    onError(error, { method: c.req.method, path: c.req.path });
    const { status, body } = answerError(error);
    if (status === 401) c.header("WWW-Authenticate", `Bearer realm="${controller.settings.baseUrl}/token"`);
    return c.json(body, status as ContentfulStatusCode);
  };
  return app;
}

type Answering = { readonly controller: Controller; readonly route: AnyRoute; readonly options: RestOptions };

async function answer({ controller, route, options }: Answering, c: RestContext): Promise<Response> {
  // Who asks comes before what is asked: a stranger learns nothing from how input is refused.
  const principal = await identify(controller, route, c);
  // Attack: strangers that send megabytes before anybody knows who they are.
  const most = route.access === "anonymous" ? mostOfStranger : controller.settings.limits.body;
  const input = await readInput(route, c, {
    most: Math.min(most, controller.settings.limits.body),
    limits: options.bodyLimits,
  });
  const result: unknown = await route.handle({
    controller,
    principal,
    input,
    signal: AbortSignal.any([c.req.raw.signal, options.closing]),
    recheck: () => identify(controller, route, c),
    header: (name) => c.req.header(name),
  });
  if (result instanceof Response) {
    // Nobody will read it: a stream that was begun for HEAD would wait for events for ever.
    if (c.req.raw.method === "HEAD") await result.body?.cancel();
    return result;
  }
  // An answer never tells of what a crash could still take back.
  await controller.ledger.settled();
  // What it says is for who asked, and for now.
  c.header("Cache-Control", "no-store");
  return c.json(result as object);
}

/** Bytes: six public keys with their proofs are a tenth of it. */
const mostOfStranger = 256 << 10;

const nobody: Principal = { kind: "user", name: "anonymous", groups: [], roles: [] };

async function identify(controller: Controller, route: AnyRoute, c: RestContext): Promise<Principal> {
  if (route.access === "anonymous") return nobody;
  const principal = await authenticate(controller, c.req.header("Authorization"));
  if (principal !== undefined) return principal;
  throw new IngotError("token-missing", "this needs a token", { hint: `ingot login ${controller.settings.baseUrl}` });
}

function toHonoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

function methodsByPath(routes: readonly AnyRoute[]): ReadonlyMap<string, readonly string[]> {
  const known = new Map<string, string[]>();
  for (const { path, method } of routes) known.set(path, [...(known.get(path) ?? []), method]);
  return known;
}

function methodUnknown({ req }: HonoContext, methods: readonly string[]): IngotError {
  return new IngotError("method-unknown", `${req.path} takes ${methods.join(" and ")}, not ${req.method}`, {
    hint: "GET /api/v1/openapi.json lists what there is",
  });
}

function routeUnknown({ req }: HonoContext): IngotError {
  return new IngotError("route-unknown", `there is no ${req.method} ${req.path}`, {
    hint: "GET /api/v1/openapi.json lists what there is",
  });
}
