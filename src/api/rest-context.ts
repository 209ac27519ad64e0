import type { HttpBindings } from "@hono/node-server";
import type { Context as HonoContext } from "hono";

/** A request of the REST API. It is on Node's own, since bodies are read from that, with a least speed. */
export type RestContext = HonoContext<{ readonly Bindings: HttpBindings }>;
