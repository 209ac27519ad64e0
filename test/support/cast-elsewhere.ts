/** Run by reproducible-cast.test.ts as another user, in another environment: casts the stages of a JSON file and prints the layers. */
import { readFileSync } from "node:fs";
import { castSet } from "./cast-set.ts";

const [home = "", stages = ""] = process.argv.slice(2);
const results = await castSet(home, JSON.parse(readFileSync(stages, "utf8")), { useCache: false });
process.stdout.write(JSON.stringify(results));
