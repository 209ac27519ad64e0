import { z } from "zod";
import { IngotError } from "../ground/error.ts";
import { readWhole, type BodyLimits } from "./body.ts";
import type { RestContext } from "./rest-context.ts";
import type { AnyRoute } from "./route.ts";

/** `most`: bytes of a body. */
export type InputLimits = { readonly most: number; readonly limits: BodyLimits };

/** What a route is given, from path, query and body, checked by its schema. Throws `request-malformed` with every mistake, `body-too-large`, `upload-too-slow`. */
export async function readInput(route: AnyRoute, c: RestContext, limits: InputLimits): Promise<unknown> {
  const outer = route.method === "GET" || route.method === "DELETE" ? c.req.query() : await readBody(c, limits);
  // The path last: a body cannot say that it is about something else.
  const parsed = route.input.safeParse({ ...outer, ...c.req.param() });
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(describe);
  throw new IngotError("request-malformed", `the request is malformed: ${mistakes[0]}`, {
    details: mistakes.slice(1, 20),
    hint: `GET /api/v1/openapi.json describes ${route.id}`,
  });
}

async function readBody({ env, req }: RestContext, { most, limits }: InputLimits): Promise<Record<string, unknown>> {
  const content = await readWhole(env.incoming, { limits, most, error: () => tooLarge(most) });
  if (content.length === 0) return {};
  const type = req.header("Content-Type") ?? "";
  // Attack: a page in a browser may post a form or plain text anywhere; JSON needs the server's leave.
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    throw new IngotError(
      "request-malformed",
      `expected a body of the type application/json, got ${JSON.stringify(type.slice(0, 100))}`,
      { hint: "send JSON with Content-Type: application/json" },
    );
  }
  const body = bodySchema.safeParse(parse(content.toString("utf8")));
  if (body.success) return body.data;
  throw new IngotError("request-malformed", "expected a JSON object as body", { hint: "send {…}, in UTF-8" });
}

const bodySchema = z.record(z.string(), z.unknown());

function parse(text: string): unknown {
  assertShallow(text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IngotError("request-malformed", "the body is not JSON", { hint: "send JSON, in UTF-8", cause });
  }
}

/** Attack: a hundred thousand brackets, which whoever walks through what was parsed follows until the stack ends. */
function assertShallow(text: string): void {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (isText) {
      if (unit === backslash) at += 1;
      else if (unit === quote) isText = false;
    } else if (unit === quote) isText = true;
    else if (unit === openList || unit === openObject) depth += 1;
    else if (unit === closeList || unit === closeObject) depth -= 1;
    if (depth > deepest) {
      throw new IngotError("request-malformed", `the body is nested more than ${deepest} levels deep`, {
        hint: "send it flatter",
      });
    }
  }
}

const deepest = 64;
const [quote, backslash, openList, closeList, openObject, closeObject] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

function tooLarge(limit: number): IngotError {
  return new IngotError("body-too-large", `the body is larger than ${limit} bytes`, {
    hint: "push large content to the registry (/v2/) and name its digest",
  });
}

function describe({ path, message }: z.core.$ZodIssue): string {
  return `${path.map(String).join(".") || "the request"}: ${message}`;
}
