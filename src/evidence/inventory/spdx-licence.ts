import * as SPDX from "@cyclonedx/cyclonedx-library/SPDX";

/** Names of DEP-5 ("Short name") and of Debian's habit whose SPDX name is another, in lower case. */
const debianNames: Readonly<Record<string, string>> = {
  expat: "MIT",
  artistic: "Artistic-1.0",
  "artistic-1": "Artistic-1.0",
  "artistic-2": "Artistic-2.0",
  "bsd-2": "BSD-2-Clause",
  "bsd-3": "BSD-3-Clause",
  "bsd-4": "BSD-4-Clause",
  "apache-2": "Apache-2.0",
  cc0: "CC0-1.0",
  "mpl-1": "MPL-1.0",
  "mpl-2": "MPL-2.0",
  psf: "PSF-2.0",
  "psf-2": "PSF-2.0",
  python: "Python-2.0",
  "python-2": "Python-2.0",
  perl: "Artistic-1.0-Perl OR GPL-1.0-or-later",
  zlib: "Zlib",
};

/**
 * The SPDX expression of what DEP-5 or a language's package says (`GPL-2+ or Expat` → `GPL-2.0-or-later OR MIT`); undefined where a part of it has no SPDX
 * name. Exceptions are left in words: what they are called in Debian does not tell which of SPDX's they are.
 */
export function spdxExpression(text: string): string | undefined {
  // DEP-5: "and" binds closer than "or", unless a comma comes before it.
  const all = text.split(/,\s*and\s+/i).map((part) => joinAll(part.split(/,?\s+or\s+/i).map(andExpression), "OR"));
  const grouped = all.length === 1 ? all : all.map((part) => (part?.includes(" OR ") ? `(${part})` : part));
  return joinAll(grouped, "AND") ?? (isSpdxExpression(text) ? text : undefined);
}

function andExpression(text: string): string | undefined {
  const parts = text.split(/\s+and\s+/i).map(spdxName);
  return joinAll(parts.length === 1 ? parts : parts.map((part) => (part?.includes(" ") ? `(${part})` : part)), "AND");
}

function joinAll(parts: readonly (string | undefined)[], word: "AND" | "OR"): string | undefined {
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length ? known.join(` ${word} `) : undefined;
}

/** `GPL-2+` → `GPL-2.0-or-later`, `bsd-3-clause` → `BSD-3-Clause`. */
function spdxName(text: string): string | undefined {
  const name = text.trim();
  const debian = debianNames[name.toLowerCase()];
  if (debian !== undefined && Object.hasOwn(debianNames, name.toLowerCase())) return debian;
  return gnuName(name) ?? listedName(name);
}

/** The GNU licences: `+` means "or later" and no `+` means "only", which SPDX spells out. */
function gnuName(name: string): string | undefined {
  const [, family, invariant, number = "", later] =
    /^(A?GPL|LGPL|GFDL)(-NIV)?-v?(\d(?:\.\d)?)(\+|-only|-or-later)?$/i.exec(name) ?? [];
  if (family === undefined) return undefined;
  const version = number.includes(".") ? number : `${number}.0`;
  const invariants = invariant === undefined ? "" : "-no-invariants";
  const which = later === "+" || later === "-or-later" ? "or-later" : "only";
  return listedName(`${family}-${version}${invariants}-${which}`);
}

/** A name of the list, whatever its case. The library finds the members of every object, such as "constructor", too. */
function listedName(name: string): string | undefined {
  const fixed = SPDX.fixupSpdxId(name);
  return SPDX.isSupportedSpdxId(fixed) ? fixed : undefined;
}

/** Whether a text is an SPDX expression (specification 2.3, annex D) of listed licences, without exceptions. */
export function isSpdxExpression(text: string): boolean {
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const operand = (): boolean => {
    const token = tokens[at++];
    if (token !== "(") return token !== undefined && SPDX.isSupportedSpdxId(token);
    return expression() && tokens[at++] === ")";
  };
  const expression = (): boolean => {
    if (!operand()) return false;
    for (; tokens[at] === "AND" || tokens[at] === "OR";) {
      at += 1;
      if (!operand()) return false;
    }
    return true;
  };
  return expression() && at === tokens.length;
}
