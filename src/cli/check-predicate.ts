import type { StatementKind } from "../evidence/evidence.ts";
import { formatKeys } from "../evidence/vex/load-vex-files.ts";
import { readVexDocument } from "../evidence/vex/read-document.ts";
import { findUndatedNo } from "../evidence/verify/undated-no.ts";
import { IngotError } from "../ground/error.ts";

/**
 * What a person brings is held to what will be made of it, before it is signed: nothing takes a statement back. Throws `predicate-malformed` for exceptions
 * that no scan would use, and for a no that would outweigh every later yes.
 */
export function checkPredicate(kind: StatementKind | "other", predicate: object, path: string): void {
  if (kind === "vex") return checkExceptions(predicate, path);
  const no = findUndatedNo(kind, predicate);
  if (no === undefined) return;
  throw new IngotError("predicate-malformed", `${path} has no date, and says no: ${no.reason}`, {
    hint: `correct it; or give its time as ${no.place}: without one it takes back every yes, also later ones`,
  });
}

function checkExceptions(predicate: object, path: string): void {
  const read = readVexDocument(predicate, { document: path, isAttached: true });
  if ("statements" in read) return;
  throw new IngotError("predicate-malformed", `no scan would use the exceptions of ${path}`, {
    details: read.mistakes.map((mistake) => `${formatKeys(mistake.path)}: ${mistake.message}`),
    hint: "every exception needs an owner, a reason and an expiry; docs/scanning.md shows one",
  });
}
