import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { IngotError, isErrno } from "../ground/error.ts";
import type { Project } from "./definition.ts";
import { readParsed, writeParsed } from "./parsed-cache.ts";
import { checkSources } from "./sources.ts";

/** The name of the file that makes a folder a project. */
export const definitionName = "ingot.yaml";

/** The absolute path of the ingot.yaml that `option` names, or of the nearest one upwards from `cwd`. Throws `definition-missing`. */
export function findProject(cwd: string, option?: string): string {
  if (option !== undefined) return findNamed(resolve(cwd, option));
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const path = join(folder, definitionName);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) break;
  }
  throw new IngotError(
    "definition-missing",
    `there is no ${definitionName} in ${resolve(cwd)} or in a folder above it`,
    {
      hint: "ingot init makes a project; --file PATH names one elsewhere",
    },
  );
}

/**
 * Reads and checks a definition. Throws `definition-invalid` with every mistake as a line `file:line:column: expected …, got …` in
 * `details`, and `definition-missing`. With `home`, what a text parsed to is kept there; that the files it names exist is always checked.
 */
export async function loadProject(
  path: string,
  options: { readonly cwd?: string; readonly home?: string } = {},
): Promise<Project> {
  const absolute = resolve(path);
  const bytes = readDefinition(absolute);
  const known = options.home === undefined ? undefined : readParsed(options.home, absolute, bytes);
  if (known !== undefined && checkSources(known.written, dirname(absolute)).length === 0) return known.project;

  // Imported here because zod and yaml cost 50 ms, half of what a build with nothing to do may take.
  const { checkDefinition } = await import("./check-definition.ts");
  const { toProject } = await import("./to-project.ts");
  const { written, mistakes } = checkDefinition(bytes, dirname(absolute));
  if (written === undefined) throw invalid(absolute, mistakes, options.cwd ?? process.cwd());
  const project = toProject(written, absolute);
  if (options.home !== undefined) writeParsed(options.home, bytes, { written, project });
  return project;
}

function findNamed(path: string): string {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, definitionName) : path;
  if (existsSync(file)) return file;
  throw new IngotError("definition-missing", `there is no ${file}`, { hint: `ingot init ${dirname(file)}` });
}

function readDefinition(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT") && !isErrno(error, "EISDIR") && !isErrno(error, "ENOTDIR")) throw error;
    throw new IngotError("definition-missing", `there is no file ${path}`, {
      cause: error,
      hint: `ingot init ${dirname(path)}`,
    });
  }
}

type Line = { readonly line: number; readonly column: number; readonly text: string };

function invalid(path: string, mistakes: readonly Line[], cwd: string): IngotError {
  const way = relative(cwd, path);
  const file = way.startsWith("..") || isAbsolute(way) ? path : way;
  const count = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
  return new IngotError("definition-invalid", `${file} has ${count}`, {
    hint: "correct them, then run the same command again; `ingot schema` prints all that may be written",
    details: mistakes.map(({ line, column, text }) => `${file}:${line}:${column}: ${text}`),
  });
}
