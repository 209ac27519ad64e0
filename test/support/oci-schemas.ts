import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";

const folder = "/usr/share/gocode/src/github.com/opencontainers/image-spec/schema";

/** The reason for a skip where the specification's own schemas are not installed. */
export function whyNoSchemas(): string | undefined {
  return existsSync(folder) ? undefined : "needs golang-github-opencontainers-image-spec-dev: not installed";
}

/** Checks a document against one of the JSON schemas that the image specification comes with, such as `config-schema.json`. */
export function schemaValidator(): (name: string, document: Buffer) => void {
  // The schemas are of draft 4, whose `id`s ajv does not know: they go by their file names, as their references do.
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const names = [
    "config-schema",
    "content-descriptor",
    "defs",
    "defs-descriptor",
    "image-index-schema",
    "image-layout-schema",
    "image-manifest-schema",
  ];
  for (const name of names.map((plain) => `${plain}.json`)) {
    const dropIds = (key: string, value: unknown): unknown =>
      ["id", "$schema"].includes(key) && typeof value === "string" ? undefined : value;
    ajv.addSchema(JSON.parse(readFileSync(join(folder, name), "utf8"), dropIds) as object, name);
  }
  return (name, document) => {
    assert.ok(ajv.validate(name, JSON.parse(String(document))), `${name}: ${ajv.errorsText()}`);
  };
}
