import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";

/** Fails where a document is not SARIF 2.1.0, by the standard's own schema. */
export function assertSarif(document: object): void {
  sarif ??= compile(readSarifSchema());
  assertValid(sarif, document);
}

/** Fails where a document is not OpenVEX 0.2.0. */
export function assertOpenVex(document: object): void {
  assertValid(compile(openVex), document);
}

let sarif: ValidateFunction | undefined;

function readSarifSchema(): object {
  // It is of draft 4, whose `id` ajv does not know; nothing refers to it.
  const dropIds = (key: string, value: unknown): unknown =>
    ["id", "$schema"].includes(key) && typeof value === "string" ? undefined : value;
  const path = join(import.meta.dirname, "../data/sarif-2.1.0.schema.json");
  return JSON.parse(readFileSync(path, "utf8"), dropIds) as object;
}

function compile(schema: object): ValidateFunction {
  // Patterns of that schema are no regular expressions in Unicode mode.
  return new Ajv({ strict: false, validateFormats: false, allErrors: true, unicodeRegExp: false }).compile(schema);
}

function assertValid(validate: ValidateFunction, document: object): void {
  const plain: unknown = JSON.parse(JSON.stringify(document));
  const mistakes = () => (validate.errors ?? []).map((error) => `${error.instancePath}: ${error.message}`).join("\n");
  assert.ok(validate(plain), mistakes());
}

const text = { type: "string", minLength: 1 };
const moment = {
  type: "string",
  pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?(Z|[+-]\\d{2}:\\d{2})$",
};
const iri = { type: "string", pattern: "^[a-zA-Z][a-zA-Z0-9+.-]*:[^\\s]+$" };

function closed(properties: object, required: readonly string[]): object {
  return { type: "object", properties, required, additionalProperties: false };
}

const hashes = {
  type: "object",
  propertyNames: {
    enum: ["md5", "sha1", "sha-256", "sha-384", "sha-512", "sha3-224", "sha3-256", "sha3-384", "sha3-512"],
  },
  additionalProperties: { type: "string", pattern: "^[0-9a-f]+$" },
};
const identifiers = closed({ purl: text, cpe22: text, cpe23: text }, []);
const part = { "@id": iri, identifiers, hashes };

/** The tables of fields in OPENVEX-SPEC.md 0.2.0, "VEX Documents" to "Vulnerability Data Structure": fields that are not there are errors. */
const statement = {
  ...closed(
    {
      "@id": iri,
      version: { type: "integer", minimum: 1 },
      vulnerability: closed(
        { "@id": iri, name: text, description: text, aliases: { type: "array", items: text, uniqueItems: true } },
        ["name"],
      ),
      timestamp: moment,
      last_updated: moment,
      products: {
        type: "array",
        items: closed({ ...part, subcomponents: { type: "array", items: closed(part, []) } }, []),
      },
      status: { enum: ["not_affected", "affected", "fixed", "under_investigation"] },
      supplier: text,
      status_notes: text,
      justification: text,
      impact_statement: text,
      action_statement: text,
      action_statement_timestamp: moment,
    },
    ["vulnerability", "status"],
  ),
  allOf: [
    {
      if: { properties: { status: { const: "not_affected" } } },
      // oxlint-disable-next-line unicorn/no-thenable
      then: { anyOf: [{ required: ["justification"] }, { required: ["impact_statement"] }] },
    },
    {
      if: { properties: { status: { const: "affected" } } },
      // oxlint-disable-next-line unicorn/no-thenable
      then: { required: ["action_statement"] },
    },
  ],
};

const openVex = closed(
  {
    "@context": { const: "https://openvex.dev/ns/v0.2.0" },
    "@id": iri,
    author: text,
    role: text,
    timestamp: moment,
    last_updated: moment,
    version: { type: "integer", minimum: 1 },
    tooling: text,
    statements: { type: "array", items: statement, minItems: 1, uniqueItems: true },
  },
  ["@context", "@id", "author", "timestamp", "version", "statements"],
);
