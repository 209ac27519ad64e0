import type { WrittenDocument, WrittenStatement } from "./document-schema.ts";
import { suppresses } from "./statement.ts";

/** Where something is wrong: the keys that lead there, and what was expected. */
export type VexMistake = { readonly path: readonly (string | number)[]; readonly message: string };

/** Nobody answers for a document without an owner; empty when there is one. */
export function checkOwner(document: WrittenDocument): VexMistake[] {
  if (ownerOf(document) !== "") return [];
  return [{ path: ["author"], message: "expected an owner: who answers for these statements (`author`, or `role`)" }];
}

/** What `one` lacks to be taken for an exception, with its place in the document. */
export function checkStatement(
  one: WrittenStatement,
  {
    at,
    document,
    isAttached,
  }: { readonly at: number; readonly document: WrittenDocument; readonly isAttached: boolean },
): VexMistake[] {
  const path = ["statements", at] as const;
  const mistakes: VexMistake[] = [];
  if (!isAttached && (one.products ?? []).length === 0) {
    mistakes.push({ path: [...path, "products"], message: "expected at least one product" });
  }
  if (one.status === "affected" && isBlank(one.action_statement)) {
    mistakes.push({
      path: [...path, "action_statement"],
      message: "expected what to do, since the status is affected",
    });
  }
  if (one.status === "not_affected" && one.justification === undefined && isBlank(one.impact_statement)) {
    mistakes.push({
      path: [...path, "justification"],
      message: "expected a reason: `justification` or `impact_statement`",
    });
  }
  if (one.status === "fixed" && reasonOf(one) === "") {
    mistakes.push({
      path: [...path, "impact_statement"],
      message: "expected a reason: `impact_statement`, `action_statement` or `status_notes`",
    });
  }
  return [...mistakes, ...checkExpiry(one, path, document)];
}

function checkExpiry(
  one: WrittenStatement,
  path: readonly ["statements", number],
  document: WrittenDocument,
): VexMistake[] {
  const found = expiryOf(one, document);
  if (found === undefined) {
    if (!suppresses(one.status)) return [];
    return [
      {
        path: [...path, "expires"],
        message: "expected an expiry: a day such as 2027-03-31, here or for the whole document",
      },
    ];
  }
  if (isDate(found.value)) return [];
  const where = found.isOwn ? [...path, found.key] : [found.key];
  return [
    {
      path: where,
      message: `expected a day or a moment in UTC such as 2027-03-31, got ${JSON.stringify(found.value.slice(0, 40))}`,
    },
  ];
}

/**
 * OpenVEX has no field for it, and its JSON Schema forbids new ones: so besides `expires` and `x-expires`, a line `expires: 2027-03-31` of `status_notes`
 * counts, for documents that must pass that schema.
 */
export function expiryOf(
  one: WrittenStatement,
  document: WrittenDocument,
): { key: string; value: string; isOwn: boolean } | undefined {
  const [, noted] = /^[ \t]*expires:[ \t]*(\S+)[ \t]*$/m.exec(one.status_notes ?? "") ?? [];
  const own = { expires: one.expires, "x-expires": one["x-expires"], status_notes: noted };
  const shared = { expires: document.expires, "x-expires": document["x-expires"] };
  for (const [fields, isOwn] of [[own, true] as const, [shared, false] as const]) {
    for (const [key, value] of Object.entries(fields)) if (value !== undefined) return { key, value, isOwn };
  }
  return undefined;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text)) return false;
  const moment = Date.parse(text);
  // Date.parse takes 2027-02-30 for the second of March.
  return Number.isFinite(moment) && (text.length > 10 || new Date(moment).toISOString().startsWith(text));
}

/** `Ana <ana@shop.example> (platform team)`; "" where neither is given. */
export function ownerOf({ author, role }: WrittenDocument): string {
  const [name, work] = [author?.trim() ?? "", role?.trim() ?? ""];
  if (name === "" || work === "") return name + work;
  return `${name} (${work})`;
}

/** Why the statement holds, in its author's words; "" where nothing is said. */
export function reasonOf(one: WrittenStatement): string {
  const texts = [one.justification, one.impact_statement, one.action_statement];
  const given = texts.filter((text) => !isBlank(text));
  return given.length > 0 ? given.join(": ") : (one.status_notes?.trim() ?? "");
}

function isBlank(text: string | undefined): boolean {
  return text === undefined || text.trim() === "";
}
