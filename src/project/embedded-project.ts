import { join } from "node:path";
import { IngotError } from "../ground/error.ts";
import { checkDefinition } from "./check-definition.ts";
import type { Project } from "./definition.ts";
import { definitionName } from "./project.ts";
import { toProject } from "./to-project.ts";

/**
 * A project whose definition is a text that someone carried here, not a file; `folder` holds the files that its images name. What a build does not need
 * (keys, policies, the keyring of the machine that locked it) need not be there. Throws `definition-invalid`.
 */
export function parseEmbeddedProject(definition: string, folder: string): Project {
  const { written, mistakes } = checkDefinition(Buffer.from(definition), folder, { sources: "images" });
  if (written === undefined) {
    const count = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
    throw new IngotError("definition-invalid", `the definition that the image was built from has ${count}`, {
      hint: "use the release of Ingot that built the image, and look at what the provenance says",
      details: mistakes.map(({ line, column, text }) => `${definitionName}:${line}:${column}: ${text}`),
    });
  }
  return toProject({ ...written, keyring: undefined }, join(folder, definitionName));
}
