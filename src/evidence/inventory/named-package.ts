/** A package of a language as its own metadata names it. */
export type NamedPackage = {
  readonly ecosystem: "npm" | "pypi" | "golang";
  readonly name: string;
  readonly version: string;
  readonly licence?: string;
};

/** What a registry would accept, with room to spare: a stranger's file must not fill a report with a megabyte of "name". */
const longest = 256;

/** Printable, without blanks at the ends, of a sane length; undefined otherwise. */
export function plainWord(value: unknown): string | undefined {
  if (typeof value !== "string" || value === "" || value.length > longest) return undefined;
  // Control characters reach terminals; U+FFFD is what is left of bytes that are no UTF-8.
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFFFD]/u.test(value) || value !== value.trim() ? undefined : value;
}

/** The same, and without blanks inside: names and versions. */
export function solidWord(value: unknown): string | undefined {
  const word = plainWord(value);
  return word === undefined || /\s/.test(word) ? undefined : word;
}
