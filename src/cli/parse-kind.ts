import { statementKinds, type StatementKind } from "../evidence/evidence.ts";
import { IngotError } from "../ground/error.ts";
import { nearestWord } from "../ground/nearest-word.ts";

const kinds = Object.keys(statementKinds) as readonly StatementKind[];

/** The predicate type that a person means: a kind's word, or any other type as a URI. Throws `usage`. */
export function parsePredicateType(text: string): string {
  const kind = kinds.find((known) => known === text);
  if (kind !== undefined) return statementKinds[kind].predicateType;
  // in-toto attestation, field_types.md: a TypeURI is a URI, so it has a scheme.
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:\S+$/.test(text) && text.length <= 2048) return text;
  throw unknownKind(text, kinds, "a kind or a URI");
}

/** A kind by its word, or one of `more` words. Throws `usage`. */
export function parseKind<More extends string>(text: string, more: readonly More[]): StatementKind | More {
  const found = [...kinds, ...more].find((known) => known === text);
  if (found !== undefined) return found;
  throw unknownKind(text, [...kinds, ...more], "a kind");
}

function unknownKind(text: string, known: readonly string[], expected: string): IngotError {
  const nearest = nearestWord(text, [...known]);
  const question = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
  return new IngotError("usage", `expected ${expected} of statement, got "${text}"${question}`, {
    hint: `kinds: ${known.join(", ")}`,
  });
}
