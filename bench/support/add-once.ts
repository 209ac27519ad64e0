// add-once.ts HOME FILE: adds a feed, and prints the most memory it had, in bytes.
import { addFeed } from "../../src/evidence/feeds/add-feed.ts";
import { processContext } from "../../src/ground/context.ts";

const [, , home = "", file = ""] = process.argv;
await addFeed(processContext({ home }), file);
console.log(process.resourceUsage().maxRSS * 1024);
