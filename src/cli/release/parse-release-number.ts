import { IngotError } from "../../ground/error.ts";

/** The number of a release as people write it: `3` or `#3`. Throws `usage`, naming the option. */
export function parseReleaseNumber(text: string, option: string): number {
  if (/^#?[1-9][0-9]{0,8}$/.test(text)) return Number(text.replace("#", ""));
  throw new IngotError("usage", `expected the number of a release for ${option}, got ${JSON.stringify(text)}`, {
    hint: "ingot history SERVICE --type release.created lists them",
  });
}
