import { isSpdxExpression } from "../inventory/spdx-licence.ts";

/**
 * Several licences that hold for parts of one package, as one SPDX expression: all of them count. `nameOf` gives a licence without an SPDX name one; without it
 * such a licence makes the whole undefined.
 */
export function allOf(licences: readonly string[], nameOf?: (name: string) => string): string | undefined {
  const terms = licences.map((licence) => (isSpdxExpression(licence) ? licence : nameOf?.(licence)));
  const known = terms.filter((term) => term !== undefined);
  if (known.length === 0 || known.length < terms.length) return undefined;
  return known.length === 1 ? known[0] : known.map((term) => (term.includes(" ") ? `(${term})` : term)).join(" AND ");
}
