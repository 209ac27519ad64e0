// Writes schema/ingot.schema.json from the schema in src/project/schema.ts. A test fails while the two differ.
import { join } from "node:path";
import { writeFileAtomic } from "../src/ground/atomic-file.ts";
import { buildJsonSchema } from "../src/project/schema.ts";

const path = join(import.meta.dirname, "../schema/ingot.schema.json");
writeFileAtomic(path, `${JSON.stringify(buildJsonSchema(), null, 2)}\n`, { durable: false });
console.log(path);
