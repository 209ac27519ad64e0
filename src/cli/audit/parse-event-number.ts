import { IngotError } from "../../ground/error.ts";

/** The number of an event as people write it: `124` or `#124`. Throws `usage`. */
export function parseEventNumber(text: string): number {
  if (/^#?(?:0|[1-9][0-9]{0,14})$/.test(text)) return Number(text.replace("#", ""));
  throw new IngotError("usage", `expected the number of an event, got ${JSON.stringify(text)}`, {
    hint: "ingot history shows them: #124",
  });
}
