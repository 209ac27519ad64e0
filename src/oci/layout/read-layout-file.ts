import { readFileSync } from "node:fs";
import { IngotError } from "../../ground/error.ts";
import { withoutWaiting } from "./blobs.ts";

/** Reads one of the files that make a folder a layout. Throws `layout-unusable` with its path when it is damaged. */
export function readLayoutFile<T>(path: string, parse: (content: Buffer) => T): T {
  try {
    return parse(readFileSync(path, { flag: withoutWaiting }));
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    throw new IngotError("layout-unusable", `${path} cannot be used: ${error.message}`, {
      details: error.details,
      hint: "in Ingot's own store: ingot gc --check --remove-damaged; elsewhere make the layout anew",
      cause: error,
    });
  }
}
