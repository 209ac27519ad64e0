import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Ajv } from "ajv";

const folder = join(
  dirname(createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library/package.json")),
  "res/schema",
);
const load = (name: string): object => JSON.parse(readFileSync(join(folder, name), "utf8")) as object;

/** Checks a document against CycloneDX 1.6's own JSON schema, formats included; the schema comes with the format's library. */
export function cycloneDxValidator(): (document: unknown) => void {
  const ajv = new Ajv({ strict: false, allErrors: true });
  const isUri = (text: string): boolean => URL.canParse(text);
  ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
  ajv.addFormat("iri-reference", (text: string) => URL.canParse(text, "https://example.org/"));
  ajv.addFormat("idn-email", /^[^@\s]+@[^@\s]+$/);
  for (const name of ["uri", "iri"]) ajv.addFormat(name, isUri);
  for (const name of ["spdx", "jsf-0.82", "cryptography-defs"])
    ajv.addSchema(load(`${name}.SNAPSHOT.schema.json`), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  const validate = ajv.compile(load("bom-1.6.SNAPSHOT.schema.json"));
  return (document) => assert.ok(validate(document), ajv.errorsText(validate.errors));
}

/** The version of the list of licences that comes with the library, such as `3.29.0`. */
export function licenceListVersion(): string {
  const { $comment } = load("spdx.SNAPSHOT.schema.json") as { $comment: string };
  return $comment.split("-")[1] ?? "";
}
