import { openApiDocument } from "../../src/api/routes.ts";
import { normalisationPage } from "../../src/image/normalise/page.ts";
import { buildJsonSchema } from "../../src/project/schema.ts";
import { commandsPage } from "./commands-page.ts";
import { errorsPage } from "./errors-page.ts";
import { lintsPage } from "./lints-page.ts";
import { routesPage } from "./routes-page.ts";

/** A committed file whose whole text is made from the code. */
export type GeneratedDocument = {
  /** Below the repository's root. */
  readonly path: string;
  readonly make: () => string | Promise<string>;
};

export const generatedDocuments: readonly GeneratedDocument[] = [
  { path: "docs/commands.md", make: commandsPage },
  { path: "docs/errors.md", make: errorsPage },
  { path: "docs/lints.md", make: lintsPage },
  { path: "docs/normalisation.md", make: normalisationPage },
  { path: "docs/routes.md", make: routesPage },
  { path: "schema/openapi.json", make: () => `${JSON.stringify(openApiDocument(), null, 2)}\n` },
  { path: "schema/ingot.schema.json", make: () => `${JSON.stringify(buildJsonSchema(), null, 2)}\n` },
];
