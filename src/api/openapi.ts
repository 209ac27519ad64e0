import { z } from "zod";
import { readVersion } from "../ground/version.ts";
import { statusOf } from "./error-answer.ts";
import type { AnyRoute } from "./route.ts";

/** The OpenAPI 3.1 document of the routes: made from their own schemas, so that it cannot say anything else than the code. */
export function makeOpenApi(routes: readonly AnyRoute[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = describeRoute(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Ingot controller",
      version: readVersion(),
      description:
        "Images, evidence, approvals, releases and the ledger of one controller. The registry at /v2/ follows the OCI distribution specification 1.1.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "An access token of this controller, as `ingot login` gets it",
        },
      },
      schemas: { Error: errorSchema },
    },
  };
}

const errorSchema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message", "details"],
      properties: {
        code: { type: "string", description: "Permanent; docs/errors.md lists them" },
        message: { type: "string", description: "One sentence with the values" },
        hint: { type: "string", description: "The next command or step" },
        details: { type: "array", items: { type: "string" } },
      },
    },
  },
};

function describeRoute(route: AnyRoute): object {
  const { input, answer } = route;
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [tagOf(route.path)],
    ...(route.access === "anonymous" ? { security: [] } : {}),
    ...describeInput(route, toSchema(input, "input")),
    responses: {
      200: {
        description: "Done",
        content:
          route.stream === true
            ? { "text/event-stream": { schema: { type: "string" } } }
            : json(toSchema(answer, "output")),
      },
      ...describeErrors(route),
      default: { description: "Any other error", content: json({ $ref: "#/components/schemas/Error" }) },
    },
  };
}

type ObjectSchema = { readonly properties?: Readonly<Record<string, object>>; readonly required?: readonly string[] };

function describeInput({ method, path }: AnyRoute, schema: ObjectSchema): object {
  const inPath = new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name));
  const entries = Object.entries(schema.properties ?? {});
  const required = new Set(schema.required ?? []);
  const isBody = method === "POST" || method === "PUT";
  const parameters = entries
    .filter(([name]) => inPath.has(name) || !isBody)
    .map(([name, one]) => ({
      name,
      in: inPath.has(name) ? "path" : "query",
      required: inPath.has(name) || required.has(name),
      schema: one,
    }));
  const body = entries.filter(([name]) => isBody && !inPath.has(name));
  const bodySchema = {
    type: "object",
    properties: Object.fromEntries(body),
    required: body.flatMap(([name]) => (required.has(name) ? [name] : [])),
    additionalProperties: false,
  };
  return {
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(isBody ? { requestBody: { required: bodySchema.required.length > 0, content: json(bodySchema) } } : {}),
  };
}

/** What every route may answer with, beside its own errors. */
function describeErrors({ access, errors }: AnyRoute): object {
  const general = access === "anonymous" ? [400] : [400, 401, 403];
  const statuses = [...new Set([...general, ...errors.map(statusOf)])].toSorted((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const codes = errors.filter((code) => statusOf(code) === status);
      return [
        status,
        {
          description: codes.length === 0 ? (known[status] ?? "Refused") : codes.join(", "),
          content: json({ $ref: "#/components/schemas/Error" }),
        },
      ];
    }),
  );
}

const known: Readonly<Record<number, string>> = {
  400: "request-malformed",
  401: "No token, or one that does not count",
  403: "policy-denied: with everything that is missing in its details",
};

function toSchema(schema: z.ZodType, io: "input" | "output"): ObjectSchema & object {
  const made = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  // The document says once which one it is.
  delete made.$schema;
  return made as ObjectSchema & object;
}

function json(schema: object): object {
  return { "application/json": { schema } };
}

/** `/api/v1/releases/…` → `releases`. */
function tagOf(path: string): string {
  return path.split("/")[3] ?? "controller";
}
