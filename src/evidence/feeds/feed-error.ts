import { IngotError } from "../../ground/error.ts";

/** `where` is a place in the feed, such as `openssl, CVE-2026-1`; "" for the whole. */
export function malformed(why: string, where = "", cause?: unknown): IngotError {
  return new IngotError(
    "feed-malformed",
    `the feed cannot be used: ${where === "" ? "" : `${inPlainCharacters(where)}: `}${why}`,
    {
      hint: "check where it comes from; a feed that was added before stays in use",
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** `limit` in bytes. */
export function tooLarge(what: string, limit: number): IngotError {
  return new IngotError("feed-too-large", `${what} is larger than the ${limit} bytes that Ingot takes`, {
    hint: "check where it comes from; a feed that was added before stays in use",
  });
}

/** Words of a stranger in a message: short, and nothing in them that moves a terminal's cursor. */
function inPlainCharacters(text: string): string {
  const short = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return short.replaceAll(/[^\x20-\x7e\u{a0}-\u{10ffff}]/gu, "�");
}
