import { readFileSync } from "node:fs";

/** Reads a list of requests: one a line, several names on a line belong together, `#` begins a comment. */
export function readRequests(path: string | URL): readonly (readonly string[])[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "")
    .map((line) => line.split(/\s+/));
}
