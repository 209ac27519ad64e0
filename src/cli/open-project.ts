import { dirname, join } from "node:path";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import type { Project } from "../project/definition.ts";
import { findProject, loadProject } from "../project/project.ts";

export type ProjectOptions = { readonly file?: string };

export type OpenedProject = {
  readonly project: Project;
  /** Beside `ingot.yaml`; absolute. */
  readonly lockPath: string;
};

/** Where the project's files are, before anything is parsed. */
export function locateProject(ctx: Context, options: ProjectOptions): { path: string; lockPath: string } {
  const path = findProject(ctx.cwd, options.file);
  return { path, lockPath: join(dirname(path), "ingot.lock") };
}

/** The project that `--file` names, or the nearest one upwards from where the person stands. */
export async function openProject(ctx: Context, options: ProjectOptions): Promise<OpenedProject> {
  const { path, lockPath } = locateProject(ctx, options);
  const project = await loadProject(path, { cwd: ctx.cwd, home: ctx.home });
  return { project, lockPath };
}

/** What `work` gives for the project, or undefined outside of any. One that was named must be there. */
export async function inProjectIfAny<T>({ file }: ProjectOptions, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof IngotError && error.code === "definition-missing" && file === undefined) return undefined;
    throw error;
  }
}
