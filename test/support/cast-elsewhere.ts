/** Run by reproducible-cast.test.ts as another user, in another environment: casts the stages of a JSON file and prints the layers. */
import { readFileSync } from "node:fs";
import type { CastStage } from "../../src/image/cast-plan.ts";
import { castSet } from "./cast-set.ts";

const [home = "", stages = ""] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(stages, "utf8")) as readonly CastStage[];
const results = await castSet(home, plan, { useCache: false });
process.stdout.write(JSON.stringify(results));
