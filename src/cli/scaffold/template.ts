import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** A file of a new project; `path` is relative to the project's folder. */
export type TemplateFile = { readonly path: string; readonly content: string };

/** The name that stands in the template's files where the new project's name goes. */
const placeholder = "web-service";

const templates = join(import.meta.dirname, "../templates");
const schemaFile = join(import.meta.dirname, "../../../schema/ingot.schema.json");

/** The files of a template with the project's name filled in, sorted, and the schema that their first line points an editor to. */
export function readTemplate(template: "web", name: string): readonly TemplateFile[] {
  const folder = join(templates, template);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({
      path: projectPath(relative(folder, path)),
      content: readFileSync(path, "utf8").replaceAll(placeholder, name),
    }));
  const schema = { path: ".ingot/schema.json", content: readFileSync(schemaFile, "utf8") };
  return [...files, schema].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** npm leaves files called .gitignore out of packages, so the template's has no dot. */
function projectPath(path: string): string {
  return path === "gitignore" ? ".gitignore" : path;
}
