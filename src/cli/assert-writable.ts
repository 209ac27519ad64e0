import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { makeFolders } from "../ground/make-folders.ts";

/** A report that is asked for: the option as it is written, and its file. */
export type AskedFile = { readonly option: string; readonly file: string | undefined };

/**
 * Whether the reports can be written, before the long work whose result they are. Makes their folders, as the writing itself would. Throws `usage` with the
 * option's name.
 */
export function assertWritable(ctx: Context, asked: readonly AskedFile[]): void {
  for (const { option, file } of asked) {
    if (file === undefined) continue;
    const path = resolve(ctx.cwd, file);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw refused({ option, file }, "it is a folder");
    prepareFolder(dirname(path), { option, file });
  }
}

function prepareFolder(folder: string, asked: Required<AskedFile>): void {
  try {
    makeFolders(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw refused(asked, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function refused({ option, file }: AskedFile, why: string, cause?: unknown): IngotError {
  return new IngotError("usage", `${option} names ${file}, which cannot be written: ${why}`, {
    hint: "name a file in a folder that you may write; it is made where it is not there",
    cause,
  });
}
