import { plainWord } from "./named-package.ts";
import { spdxExpression } from "./spdx-licence.ts";

/** A machine-readable copyright file says so in its first field; `Format-Specification` and `dep` are of the drafts, which are still about. */
const machineReadable = /^Format(?:-Specification)?:[^\n]*(?:copyright-format|\bdep-?5)/im;

/** More different licences than any package has. */
const most = 256;

/**
 * The licences that a package's copyright file names (DEP-5, "License"): SPDX expressions where they can be put so exactly, the file's own words otherwise.
 * Sorted; none for a file that is meant for people alone.
 */
export function readLicences(text: string): readonly string[] {
  if (!machineReadable.test(text.slice(0, 2000))) return [];
  const synopses = text.matchAll(/^License:[ \t]*(\S[^\n]*)$/gim);
  const words = [...synopses].map(([, synopsis = ""]) => plainWord(synopsis.replace(/\s+/g, " ")));
  const known = words.filter((word) => word !== undefined);
  return [...new Set(known.map((word) => spdxExpression(word) ?? word))].toSorted().slice(0, most);
}
