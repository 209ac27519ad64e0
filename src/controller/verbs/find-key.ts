import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";

/** The whole id of a registered key from its first eight digits or more. Throws `key-unregistered` where none or several have them. */
export function findKeyId(state: Database, text: string): string {
  const start = text.toLowerCase();
  const found = /^[0-9a-f]{8,64}$/.test(start)
    ? state.all<{ id: string }>(
        "SELECT DISTINCT id FROM keys WHERE substr(id, 1, ?) = ? ORDER BY id",
        start.length,
        start,
      )
    : [];
  const [only, second] = found;
  if (only !== undefined && second === undefined) return only.id;
  const problem = only === undefined ? "no registered key has the id" : "several registered keys begin with";
  throw new IngotError("key-unregistered", `${problem} ${JSON.stringify(text)}`, {
    hint: "ingot identity list --json shows whole ids",
  });
}
