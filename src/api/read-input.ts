import type { Context as HonoContext } from "hono";
import { z } from "zod";
import { IngotError } from "../ground/error.ts";
import type { AnyRoute } from "./route.ts";

/** What a route is given, from path, query and body, checked by its schema. `limit`: bytes of a body. Throws `request-malformed` with every mistake, `body-too-large`. */
export async function readInput(route: AnyRoute, c: HonoContext, limit: number): Promise<unknown> {
  const outer = route.method === "GET" || route.method === "DELETE" ? c.req.query() : await readBody(c, limit);
  // The path last: a body cannot say that it is about something else.
  const parsed = route.input.safeParse({ ...outer, ...c.req.param() });
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(describe);
  throw new IngotError("request-malformed", `the request is malformed: ${mistakes[0]}`, {
    details: mistakes.slice(1, 20),
    hint: `GET /api/v1/openapi.json describes ${route.id}`,
  });
}

async function readBody(c: HonoContext, limit: number): Promise<Record<string, unknown>> {
  const text = await readText(c, limit);
  if (text === "") return {};
  const type = c.req.header("Content-Type") ?? "";
  // Attack: a page in a browser may post a form or plain text anywhere; JSON needs the server's leave.
  if (!/^application\/json\b/i.test(type)) {
    throw new IngotError(
      "request-malformed",
      `expected a body of the type application/json, got ${JSON.stringify(type)}`,
    );
  }
  const body = bodySchema.safeParse(parse(text));
  if (!body.success) throw new IngotError("request-malformed", "expected a JSON object as body");
  return body.data;
}

/** Counted while it comes: a body that says nothing of its length has no end either. */
async function readText(c: HonoContext, limit: number): Promise<string> {
  if (Number(c.req.header("Content-Length") ?? 0) > limit) throw tooLarge(limit);
  const parts: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = c.req.raw.body ?? [];
  for await (const part of body) {
    size += part.length;
    if (size > limit) throw tooLarge(limit);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function tooLarge(limit: number): IngotError {
  return new IngotError("body-too-large", `the body is larger than ${limit} bytes`, {
    hint: "push large content to the registry (/v2/) and name its digest",
  });
}

const bodySchema = z.record(z.string(), z.unknown());

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IngotError("request-malformed", "the body is not JSON", { cause });
  }
}

function describe({ path, message }: z.core.$ZodIssue): string {
  return `${path.map(String).join(".") || "the request"}: ${message}`;
}
