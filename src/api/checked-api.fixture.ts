import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { AnyRoute } from "./route.ts";
import { openApiDocument, routes } from "./routes.ts";

export type Asked = {
  /** Of the path's braces, the query and the body, by their names, as a route's input has them. */
  readonly input?: Readonly<Record<string, unknown>>;
  readonly token?: string | undefined;
};

export type Answered<Answer = unknown> = { readonly status: number; readonly body: Answer; readonly code?: string };

/** Asks routes by their ids, and holds every answer to the OpenAPI document: its status, its shape, and the code of an error. */
export type CheckedApi = {
  readonly ask: <Answer>(id: string, asked?: Asked) => Promise<Answered<Answer>>;
  /** Statuses that each route answered with so far. */
  readonly answered: ReadonlyMap<string, ReadonlySet<number>>;
};

/** What every route may answer with. */
const general: ReadonlySet<string> = new Set([
  "body-too-large",
  "policy-denied",
  "request-malformed",
  "token-expired",
  "token-invalid",
  "token-missing",
]);

export function openCheckedApi(url: string): CheckedApi {
  const answered = new Map<string, Set<number>>();
  const schemas = compileAnswers();
  return {
    answered,
    ask: async <Answer>(id: string, { input = {}, token }: Asked = {}) => {
      const route = routes.find((one) => one.id === id) ?? assert.fail(`there is no route ${id}`);
      const response = await fetch(new URL(targetOf(route, input), url), requestOf(route, { input, token }));
      const { status } = response;
      answered.set(id, (answered.get(id) ?? new Set()).add(status));
      if (route.stream === true && status === 200) {
        assert.equal(response.headers.get("content-type"), "text/event-stream");
        await response.body?.cancel();
        return { status, body: undefined as Answer };
      }
      const body: unknown = await response.json();
      const check = schemas(id, status);
      assert.ok(check(body), `${id} ${status}: ${JSON.stringify(check.errors)} in ${JSON.stringify(body)}`);
      if (status === 200) return { status, body: body as Answer };
      const { code } = (body as { readonly error: { readonly code: string } }).error;
      const isDeclared = general.has(code) || route.errors.some((one) => one === code);
      assert.ok(isDeclared, `${id} answers ${status} ${code}, which its route does not declare`);
      return { status, body: body as Answer, code };
    },
  };
}

function targetOf({ method, path }: AnyRoute, input: Readonly<Record<string, unknown>>): string {
  const inPath = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input[name])));
  if (method !== "GET" && method !== "DELETE") return inPath;
  const query = Object.entries(input).filter(([name]) => !path.includes(`{${name}}`));
  return `${inPath}?${new URLSearchParams(query.map(([name, value]) => [name, String(value)])).toString()}`;
}

function requestOf({ method, path }: AnyRoute, { input = {}, token }: Asked): RequestInit {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  if (method === "GET" || method === "DELETE") return { method, headers: authorization };
  const body = Object.fromEntries(Object.entries(input).filter(([name]) => !path.includes(`{${name}}`)));
  return { method, headers: { ...authorization, "content-type": "application/json" }, body: JSON.stringify(body) };
}

type Content = { readonly "application/json"?: { readonly schema: object } };
type Document = {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly responses: Readonly<Record<string, { readonly content?: Content }>> }>>
    >
  >;
};

/** Checks of the document's own schemas, not of the routes': it is the document that clients rely on. */
function compileAnswers(): (id: string, status: number) => ValidateFunction {
  const document = openApiDocument() as Document;
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, "openapi");
  return (id, status) => {
    const { path, method } = routes.find((one) => one.id === id) ?? assert.fail(id);
    const responses = document.paths[path]?.[method.toLowerCase()]?.responses ?? {};
    const named = String(status) in responses ? String(status) : "default";
    const place = ["paths", path, method.toLowerCase(), "responses", named, "content", "application/json", "schema"];
    const pointer = place.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    return ajv.getSchema(`openapi#/${pointer}`) ?? assert.fail(`the document has no answer ${status} of ${id}`);
  };
}
