/** Run by tests as another user, or in another environment: casts the stages of a JSON file, on the layers of another, and prints the new layers. */
import { readFileSync } from "node:fs";
import type { CastStage } from "../../src/image/cast-plan.ts";
import type { LayerBlob } from "../../src/oci/layer/layer-blob.ts";
import { castSet } from "./cast-set.ts";

const [home = "", stages = "", layers] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(stages, "utf8")) as readonly CastStage[];
const below = layers === undefined ? [] : (JSON.parse(readFileSync(layers, "utf8")) as readonly LayerBlob[]);
const results = await castSet(home, plan, { useCache: false, below });
process.stdout.write(JSON.stringify(results));
