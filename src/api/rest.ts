import { Hono, type Context as HonoContext } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Controller } from "../controller/controller.ts";
import { authenticate } from "../controller/identity/authenticate.ts";
import { IngotError } from "../ground/error.ts";
import type { Principal } from "../policy/policy.ts";
import { answerError } from "./error-answer.ts";
import { readInput } from "./read-input.ts";
import type { AnyRoute } from "./route.ts";

export type RestOptions = {
  readonly routes: readonly AnyRoute[];
  /** Is told of what a client is not. */
  readonly onError: (error: unknown, request: { readonly method: string; readonly path: string }) => void;
};

/** The REST API: one handler for each route, and an error answer for everything else. */
export function makeRest(controller: Controller, { routes, onError }: RestOptions): Hono {
  const app = new Hono();
  for (const route of routes) {
    app.on(route.method, toHonoPath(route.path), (c) => answer(controller, route, c));
  }
  app.notFound((c) => {
    const { status, body } = answerError(
      new IngotError("route-unknown", `there is no ${c.req.method} ${c.req.path}`, {
        hint: "GET /api/v1/openapi.json lists what there is",
      }),
    );
    return c.json(body, status as ContentfulStatusCode);
  });
  app.onError((error, c) => {
    onError(error, { method: c.req.method, path: c.req.path });
    const { status, body } = answerError(error);
    if (status === 401) c.header("WWW-Authenticate", `Bearer realm="${controller.settings.baseUrl}/token"`);
    return c.json(body, status as ContentfulStatusCode);
  });
  return app;
}

async function answer(controller: Controller, route: AnyRoute, c: HonoContext): Promise<Response> {
  // Who asks comes before what is asked: a stranger learns nothing from how input is refused.
  const principal = await identify(controller, route, c);
  const input = await readInput(route, c, controller.settings.limits.body);
  const result: unknown = await route.handle({
    controller,
    principal,
    input,
    signal: c.req.raw.signal,
    header: (name) => c.req.header(name),
  });
  if (result instanceof Response) return result;
  // An answer never tells of what a crash could still take back.
  await controller.ledger.settled();
  return c.json(result as object);
}

const nobody: Principal = { kind: "user", name: "anonymous", groups: [], roles: [] };

async function identify(controller: Controller, route: AnyRoute, c: HonoContext): Promise<Principal> {
  if (route.access === "anonymous") return nobody;
  const principal = await authenticate(controller, c.req.header("Authorization"));
  if (principal !== undefined) return principal;
  throw new IngotError("token-missing", "this needs a token", { hint: `ingot login ${controller.settings.baseUrl}` });
}

function toHonoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}
