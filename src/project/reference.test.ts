import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { IngotError } from "../ground/error.ts";
import { loadProject } from "./project.ts";
import { buildJsonSchema } from "./schema.ts";

const root = join(import.meta.dirname, "../..");
const reference = readFileSync(join(root, "docs/reference.yaml"), "utf8");

function makeFolder(t: TestContext, definition: string): string {
  const folder = mkdtempSync(join(tmpdir(), "ingot-reference-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ["public", "policy", "keys"]) mkdirSync(join(folder, name));
  for (const name of ["nginx.conf", "report.sh", "policy/production.cedar", "keys/archive.gpg"])
    writeFileSync(join(folder, name), "x");
  writeFileSync(join(folder, "ingot.yaml"), definition);
  return folder;
}

test("the shipped JSON Schema is the one that the code generates (npm run generate)", () => {
  const shipped: unknown = JSON.parse(readFileSync(join(root, "schema/ingot.schema.json"), "utf8"));
  assert.deepEqual(shipped, JSON.parse(JSON.stringify(buildJsonSchema())));
});

test("the annotated reference is valid, by the loader and by the JSON Schema", async (t) => {
  const project = await loadProject(join(makeFolder(t, reference), "ingot.yaml"));
  assert.equal(project.images.get("web")?.files.length, 4);
  assert.deepEqual(
    [...project.environments.values()].map(({ name, approvals }) => [name, approvals]),
    [
      ["staging", 0],
      ["production", 2],
    ],
  );
  const validate = new Ajv({ strict: false }).compile(buildJsonSchema());
  assert.ok(validate(parse(reference)), JSON.stringify(validate.errors));
});

test("every key of the schema occurs in the reference, and has a description", () => {
  const written = new Set([...reference.matchAll(/([a-z_]+):/g)].map((match) => match[1]));
  const keys = keysOf({ ...buildJsonSchema() });
  assert.ok(keys.length > 40);
  assert.deepEqual(
    keys.filter(({ name }) => !written.has(name)),
    [],
  );
  assert.deepEqual(
    keys.filter(({ isDescribed }) => !isDescribed),
    [],
  );
});

test("defaults in the reference are the defaults of the code", async (t) => {
  const written = await loadProject(join(makeFolder(t, reference), "ingot.yaml"));
  const short = makeFolder(
    t,
    "project: a\nimages:\n  web: {base: debian:bookworm, port: 80}\nservices:\n  web: {image: web, health: {get: /}}\n",
  );
  const defaults = await loadProject(join(short, "ingot.yaml"));
  assert.deepEqual(defaults.services.get("web")?.update, written.services.get("web")?.update);
  assert.deepEqual(defaults.services.get("web")?.health, written.services.get("web")?.health);
  assert.equal(defaults.images.get("web")?.compression, written.images.get("web")?.compression);
});

test("the JSON Schema refuses what the loader refuses in the shape of tests and files", () => {
  const validate = new Ajv({ strict: false }).compile(buildJsonSchema());
  const image = (more: object): object => ({ project: "a", images: { a: { base: "debian:bookworm", ...more } } });
  assert.ok(validate(image({ tests: [{ name: "a", process: "x", user: "root" }] })), JSON.stringify(validate.errors));
  assert.ok(!validate(image({ tests: [{ name: "a", run: ["x"], get: "/" }] })));
  assert.ok(!validate(image({ tests: [{ name: "a" }] })));
  assert.ok(!validate(image({ files: { "/a": { mode: "0644" } } })));
  assert.ok(!validate(image({ pakages: [] })));
});

test("whatever is done to the reference, loading succeeds or is definition-invalid, and nothing else", async (t) => {
  const random = generator(20_260_101);
  const folder = makeFolder(t, reference);
  const path = join(folder, "ingot.yaml");
  let refused = 0;
  for (let round = 0; round < 400; round++) {
    const mutated = mutate(reference, random);
    writeFileSync(path, mutated);
    try {
      await loadProject(path);
    } catch (error) {
      assert.ok(
        error instanceof IngotError && error.code === "definition-invalid",
        `${String(error)}\nround ${round}\n${mutated}`,
      );
      assert.ok(error.details.length > 0);
      for (const line of error.details) assert.match(line, /ingot\.yaml:\d+:\d+: expected .+, got ./s);
      refused += 1;
    }
  }
  assert.ok(refused > 100, `only ${refused} mutations were refused`);
});

type SchemaNode = { readonly [key: string]: unknown };

function keysOf(node: SchemaNode): { name: string; isDescribed: boolean }[] {
  const children = ["additionalProperties", "items"].flatMap((key) => asNodes(node[key]));
  const members = asNodes(node.anyOf);
  const properties = Object.entries((node.properties ?? {}) as Record<string, SchemaNode>);
  return [
    ...properties.map(([name, value]) => ({ name, isDescribed: typeof value.description === "string" })),
    ...[...properties.map(([, value]) => value), ...children, ...members].flatMap(keysOf),
  ];
}

function asNodes(value: unknown): SchemaNode[] {
  if (Array.isArray(value)) return value as SchemaNode[];
  return typeof value === "object" && value !== null ? [value as SchemaNode] : [];
}

/** Pieces that YAML, the schema or the checks have an opinion on. */
const pieces = [
  ":",
  "- ",
  "{",
  "}",
  "[",
  "]",
  "&a ",
  "*a",
  "<<: ",
  "!x ",
  "\t",
  "\n",
  "\r",
  '"',
  "'",
  "|",
  "#",
  "null",
  "0",
  "-1",
  "1e999",
  ".nan",
  "..",
  "/",
  "__proto__: ",
  "constructor: ",
  "? ",
  "---\n",
  "\0",
  "\u2028",
  "é",
  "true",
  "~",
  "\uD800",
];

function mutate(text: string, random: (below: number) => number): string {
  let result = text;
  for (let edits = 1 + random(4); edits > 0; edits--) {
    const at = random(result.length);
    const length = random(3) === 0 ? random(60) : random(4);
    const kind = random(4);
    const moved = result.slice(at, at + length);
    const piece = pieces[random(pieces.length)] ?? "";
    if (kind === 0) result = result.slice(0, at) + result.slice(at + length);
    else if (kind === 1) result = result.slice(0, at) + piece + result.slice(at);
    else if (kind === 2) result = result.slice(0, at) + piece + result.slice(at + length);
    else result = result.slice(0, at) + moved + moved + result.slice(at);
  }
  return result;
}

/** A small generator with a seed, so that a failure can be repeated (Park and Miller). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % Math.max(1, below);
  };
}
