import type { Command } from "commander";

/** The options of `history` and `audit show` that say which events: `HistoryWish` without the service. */
export function declareFilters(command: Command): Command {
  return command
    .option("--environment <name>", "only what is about this environment")
    .option("--image <image>", "only what names this image: NAME:TAG of the controller's registry, or a digest")
    .option("--by <principal>", "only what they did: user:alice, or alice")
    .option("--since <time>", "only since then: a time, or how long ago, such as 2h or 7d")
    .option("--type <type>", "only events of this type: release.created, or release for all about releases")
    .option("--at <time>", "as it was to be read then")
    .option("--limit <number>", "how many at most", "50")
    .option("--before <number>", "only events below this number: what the page before ended with");
}
