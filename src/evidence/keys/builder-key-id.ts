import { readFileSync } from "node:fs";
import type { Context } from "../../ground/context.ts";
import { isErrno } from "../../ground/error.ts";
import { keyPath } from "./key-folder.ts";

/** The id of the builder's key; undefined where there is none. Reads one small file and nothing else: a build that has nothing to do asks for it. */
export function builderKeyId(ctx: Pick<Context, "home">): string | undefined {
  try {
    return /^id: ([0-9a-f]{64})$/m.exec(readFileSync(keyPath(ctx, "builder"), "utf8"))?.[1];
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
