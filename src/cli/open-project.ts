import { dirname, join } from "node:path";
import type { Context } from "../ground/context.ts";
import type { Project } from "../project/definition.ts";
import { findProject, loadProject } from "../project/project.ts";

export type ProjectOptions = { readonly file?: string };

export type OpenedProject = {
  readonly project: Project;
  /** Beside `ingot.yaml`; absolute. */
  readonly lockPath: string;
};

/** The project that `--file` names, or the nearest one upwards from where the person stands. */
export async function openProject(ctx: Context, options: ProjectOptions): Promise<OpenedProject> {
  const path = findProject(ctx.cwd, options.file);
  const project = await loadProject(path, { cwd: ctx.cwd, home: ctx.home });
  return { project, lockPath: join(dirname(path), "ingot.lock") };
}
