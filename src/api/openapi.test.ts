import assert from "node:assert/strict";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { openApiDocument, routes } from "./routes.ts";

type Operation = {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Readonly<Record<string, unknown>>;
};
type Document = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

const document = openApiDocument() as Document;

test("the document is OpenAPI 3.1, by its own schema", async () => {
  const { valid, errors } = await new Validator().validate(JSON.stringify(document, null, 1));
  assert.ok(valid, JSON.stringify(errors ?? "").slice(0, 2000));
  assert.match(document.openapi, /^3\.1/);
});

test("every route is in it, under an id of its own, and nothing else", () => {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`),
  );
  assert.deepEqual(described.toSorted(), routes.map(({ method, path, id }) => `${method} ${path} ${id}`).toSorted());
  assert.equal(new Set(routes.map(({ id }) => id)).size, routes.length, "ids are unique");
});

test("every name in a path is a parameter that must be given", () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { parameters = [] }] of Object.entries(methods)) {
      const inPath = parameters.filter((one) => one.in === "path" && one.required).map(({ name }) => name);
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
      assert.deepEqual(
        inPath.toSorted(),
        named.toSorted((a, b) => (a < b ? -1 : 1)),
        `${method} ${path}`,
      );
    }
  }
});

test("whoever has no token learns that from every route that needs one", () => {
  for (const { access, path, method } of routes) {
    const { responses } = document.paths[path]?.[method.toLowerCase()] ?? { responses: {} };
    assert.ok(access === "anonymous" || "401" in responses, `${method} ${path}`);
  }
});
