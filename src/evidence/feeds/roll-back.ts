import { IngotError } from "../../ground/error.ts";
import type { Feed } from "./feed.ts";

/**
 * Attack: who answers in the place of a feed's server serves an old one, or one with most of it left out, so that nothing is found. Throws `feed-rolled-back`.
 */
export function assertNotRolledBack(
  next: Pick<Feed, "name" | "date" | "entries" | "digest">,
  former: Feed | undefined,
): void {
  if (former === undefined || former.digest === next.digest) return;
  const hint = "if that is right, run the same command with --allow-older; the one in use stays until then";
  if (Date.parse(next.date) < Date.parse(former.date)) {
    throw new IngotError(
      "feed-rolled-back",
      `the feed ${next.name} is of ${next.date}, and the one in use of ${former.date}`,
      {
        hint,
      },
    );
  }
  if (next.entries * 2 < former.entries) {
    throw new IngotError(
      "feed-rolled-back",
      `the feed ${next.name} has ${next.entries} entries, and the one in use ${former.entries}`,
      { hint },
    );
  }
}
