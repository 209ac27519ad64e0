import { statementKinds, type StatementKind } from "../../evidence/evidence.ts";
import { shortId } from "../../evidence/keys/key-folder.ts";
import type { StatementKey } from "../state/identities.ts";

/** Whose word a statement is, or why it counts as nobody's. `keys`: all uses of the key that signed it. */
export function findOwner(
  keys: readonly StatementKey[],
  kind: StatementKind | "other",
): { readonly owner: StatementKey } | { readonly reason: string } {
  const needed = kind === "other" ? undefined : statementKinds[kind].role;
  // Of a kind that nobody here decides by, any role may speak.
  const fitting = keys.filter(({ use }) => needed === undefined || use === needed);
  const owner = fitting.find(({ status }) => status === "active");
  if (owner !== undefined) return { owner };
  const [first] = fitting.length > 0 ? fitting : keys;
  if (first === undefined) return { reason: "no registered key made its signature" };
  const named = `the key ${shortId(first.id)} of ${first.principal}`;
  if (fitting.length > 0) return { reason: `it is signed by ${named}, which is ${first.status} and signs nothing new` };
  const uses = [...new Set(keys.map(({ use }) => use))].join(", ");
  // Attack: whoever has the key that signs failed tests cannot say that the builder built something.
  return {
    reason: `it is signed by ${named}, registered as ${uses}; this kind counts by a key of ${needed === "approver" ? "an" : "a"} ${needed} only`,
  };
}
