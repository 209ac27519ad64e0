import type { EvidenceItem } from "../evidence.ts";
import { formatKeys } from "./load-vex-files.ts";
import { readVexDocument } from "./read-document.ts";
import type { VexStatement } from "./statement.ts";

/**
 * Exceptions that are attached to the image. Only a checked signature counts: a stranger with access to the registry could otherwise hide any finding. What
 * is left out is told.
 */
export function readAttachedVex(evidence: readonly EvidenceItem[]): {
  readonly statements: readonly VexStatement[];
  readonly notes: readonly string[];
} {
  const found = evidence.filter(({ kind }) => kind === "vex").map(readItem);
  return { statements: found.flatMap(({ statements }) => statements), notes: found.flatMap(({ notes }) => notes) };
}

function readItem(item: EvidenceItem): { statements: readonly VexStatement[]; notes: readonly string[] } {
  const document = `attached ${item.manifest}`;
  if (item.status !== "checked") {
    return { statements: [], notes: [`the VEX statement ${item.manifest} is not used: ${item.reason}`] };
  }
  const read = readVexDocument(item.statement.predicate, { document, isAttached: true });
  if ("statements" in read) return { statements: read.statements, notes: [] };
  const [first] = read.mistakes;
  const why = first === undefined ? "" : `: ${formatKeys(first.path)}: ${first.message}`;
  return { statements: [], notes: [`the VEX statement ${item.manifest} is not used${why}`] };
}
