import { existsSync, lstatSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { IngotError } from "../../ground/error.ts";
import { isImageName, toImageName } from "../../project/names.ts";
import type { Declare } from "../command.ts";
import { readTemplate, type TemplateFile } from "../scaffold/template.ts";
import { placeFiles } from "../scaffold/place-files.ts";

/** `ingot init [FOLDER]`: a project with a web service that locks, builds and runs as it is. */
export const declare: Declare = (command, handle) => {
  command
    .argument("[folder]", "where the project goes; made when it is missing", ".")
    .option("--name <name>", "the project's name (default: the folder's name)")
    .action(
      handle<{ name?: string }, [string]>(({ ctx, options }, folder) => {
        const target = resolve(ctx.cwd, folder);
        const name = chooseName(target, options.name);
        const files = readTemplate("web", name);
        refuseOverwriting(target, files);
        placeFiles(target, files);
        const paths = files.map((file) => file.path);
        return { json: { project: name, folder: target, files: paths }, text: describe(name, target, ctx.cwd, paths) };
      }),
    );
};

function chooseName(folder: string, given: string | undefined): string {
  if (given === undefined) return toImageName(basename(folder)) ?? "project";
  if (isImageName(given)) return given;
  const proposal = toImageName(given);
  throw new IngotError("usage", `expected a name of lower-case letters, digits, ".", "_" and "-", got "${given}"`, {
    hint: proposal === undefined ? "ingot init --help" : `ingot init --name ${proposal}`,
  });
}

/** All or nothing: one file in the way, at the top of what would be written, and none is written. */
function refuseOverwriting(folder: string, files: readonly TemplateFile[]): void {
  if (existsSync(folder) && !lstatSync(join(folder, ".")).isDirectory()) {
    throw new IngotError("init-would-overwrite", `${folder} exists and is not a folder`, {
      hint: "ingot init ANOTHER-FOLDER",
    });
  }
  const tops = new Set(files.map((file) => file.path.split("/")[0] ?? file.path));
  const existing = [...tops].filter((name) => lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined);
  if (existing.length === 0) return;
  throw new IngotError(
    "init-would-overwrite",
    `${existing.length} of the files to write exist in ${folder}; nothing was written`,
    {
      details: existing.toSorted(),
      hint: "ingot init ANOTHER-FOLDER, or move those files away",
    },
  );
}

function describe(name: string, folder: string, cwd: string, paths: readonly string[]): string {
  const enter = folder === cwd ? [] : [`  cd ${shortPath(cwd, folder)}`];
  return [
    `project ${name} in ${folder}`,
    ...paths.map((path) => `  ${path}`),
    "next:",
    ...enter,
    "  ingot lock",
    "  ingot build",
    "  ingot run web",
  ].join("\n");
}

function shortPath(cwd: string, folder: string): string {
  const path = relative(cwd, folder);
  return path.startsWith("..") ? folder : path;
}
