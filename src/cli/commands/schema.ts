import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Declare } from "../command.ts";

/** `ingot schema`: what an editor needs to complete and check ingot.yaml, without a network. */
export const declare: Declare = (command, handle) => {
  command.action(
    handle(() => {
      const text = readFileSync(schemaPath, "utf8");
      return { json: JSON.parse(text) as object, text: text.trimEnd() };
    }),
  );
};

/** The shipped schema; `npm run generate` writes it from the code. */
export const schemaPath = join(import.meta.dirname, "../../../schema/ingot.schema.json");
