import {
  documentSchema,
  type WrittenComponent,
  type WrittenDocument,
  type WrittenStatement,
} from "./document-schema.ts";
import { checkOwner, checkStatement, expiryOf, ownerOf, reasonOf, type VexMistake } from "./check-statement.ts";
import type { VexComponent, VexStatement } from "./statement.ts";

export type ReadVex =
  | { readonly statements: readonly VexStatement[] }
  /** Nothing of a document with a mistake is used: what else it says may be meant otherwise, too. */
  | { readonly mistakes: readonly VexMistake[] };

export type ReadVexOptions = {
  /** The file, or the id of an attached statement. */
  readonly document: string;
  /** Attached to an image: a statement that names no product is about that image (OpenVEX, ATTESTING.md). */
  readonly isAttached: boolean;
};

/** Reads the content of an OpenVEX document, and holds each statement to what an exception must have: owner, reason and expiry. Pure. */
export function readVexDocument(content: unknown, options: ReadVexOptions): ReadVex {
  const parsed = documentSchema.safeParse(content);
  if (!parsed.success) {
    return { mistakes: parsed.error.issues.map(({ path, message }) => ({ path: path.filter(isKey), message })) };
  }
  const document = parsed.data;
  const mistakes = [
    ...checkOwner(document),
    ...document.statements.flatMap((one, at) => checkStatement(one, { at, document, isAttached: options.isAttached })),
  ];
  if (mistakes.length > 0) return { mistakes };
  return { statements: document.statements.map((one, at) => toStatement(one, at, document, options)) };
}

function isKey(key: PropertyKey): key is string | number {
  return typeof key !== "symbol";
}

function toStatement(
  one: WrittenStatement,
  at: number,
  document: WrittenDocument,
  options: ReadVexOptions,
): VexStatement {
  const expires = expiryOf(one, document)?.value;
  const products = one.products ?? [];
  return {
    document: options.document,
    place: `statements[${at}]`,
    vulnerabilities: [...new Set([one.vulnerability.name, ...(one.vulnerability.aliases ?? [])])],
    products:
      products.length === 0
        ? "subject"
        : products.map((product) => ({
            ...toComponent(product),
            subcomponents: (product.subcomponents ?? []).map(toComponent),
          })),
    status: one.status,
    reason: reasonOf(one),
    owner: ownerOf(document),
    ...(expires === undefined ? {} : { expires }),
    timestamp: new Date(one.timestamp ?? document.timestamp).toISOString(),
  };
}

function toComponent(written: WrittenComponent): VexComponent {
  const sha256 = written.hashes?.["sha-256"]?.toLowerCase();
  const ids = [written["@id"], written.identifiers?.purl].filter((id) => id !== undefined && id !== "");
  return { ids: [...new Set(ids)] as string[], ...(sha256 === undefined ? {} : { sha256 }) };
}
