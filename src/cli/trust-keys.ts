import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { Role } from "../evidence/evidence.ts";
import type { KeyEntry } from "../evidence/keys/keys.ts";
import { shortId } from "../evidence/keys/key-folder.ts";
import { writeFileAtomic } from "../ground/atomic-file.ts";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { findProject } from "../project/project.ts";

/** The path of the public key that ingot.yaml shall trust: copied into `folder` where one is given, else where it is. */
export function placePublicKey(ctx: Context, key: KeyEntry, folder: string | undefined): string {
  if (folder === undefined) return key.publicFile;
  const path = freePath(resolve(ctx.cwd, folder), key);
  writeFileAtomic(path, key.publicPem);
  return path;
}

/** The lines for ingot.yaml, with paths as they are written there; `paths`: those of each role. */
export function trustSnippet(
  ctx: Context,
  trusted: readonly { readonly role: Role; readonly paths: readonly string[] }[],
): string {
  const folder = projectFolder(ctx);
  const lines = trusted.map(
    ({ role, paths }) => `  ${role}: [${paths.map((path) => written(folder, path)).join(", ")}]`,
  );
  return ["trust:", ...lines].join("\n");
}

/** A key of another id that is there already is the one before: it stays trusted until a person removes it. */
function freePath(folder: string, { role, id, publicPem }: KeyEntry): string {
  const path = join(folder, `${role}.pub`);
  if (!existsSync(path) || readFileSync(path, "utf8") === publicPem) return path;
  return join(folder, `${role}-${shortId(id)}.pub`);
}

function projectFolder(ctx: Context): string {
  try {
    return dirname(findProject(ctx.cwd));
  } catch (error) {
    if (error instanceof IngotError && error.code === "definition-missing") return ctx.cwd;
    throw error;
  }
}

function written(folder: string, path: string): string {
  const inside = relative(folder, path);
  const text = inside.startsWith("..") ? path : `./${inside}`;
  return /^[\w./-]+$/.test(text) ? text : JSON.stringify(text);
}
