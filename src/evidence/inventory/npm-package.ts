import type { FileFact } from "./file-fact.ts";
import { plainWord, solidWord } from "./named-package.ts";

/** Reads a package.json. One without a name or version is part of a package or a test's fixture, and no package. */
export function readNpmPackage(content: Buffer): FileFact | undefined {
  const manifest = parseObject(content);
  if (manifest === undefined) return { kind: "skipped", why: "is not the JSON of an npm package" };
  const [name, version] = [solidWord(manifest.name), solidWord(manifest.version)];
  if (name === undefined || version === undefined || !packageName.test(name))
    return isSaid(manifest.name) && isSaid(manifest.version) ? unnamed : undefined;
  const licence = licenceOf(manifest.license ?? manifest.licenses);
  return {
    kind: "packages",
    packages: [{ ecosystem: "npm", name, version, ...(licence !== undefined && { licence }) }],
  };
}

/** Node runs a package whatever it is called: one that says what no registry would take is told, and not passed over. */
const unnamed = { kind: "skipped", why: "names no npm package with its version" } as const;

function isSaid(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

const packageName = /^(@[^/@]+\/)?[^/@]+$/;

function parseObject(content: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    // Some packages were published with a byte order mark, which npm ignores.
    const value: unknown = JSON.parse(content.toString("utf8").replace(/^\uFEFF/, ""));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** `"MIT"`, or the forms of long ago: `{"type": "MIT"}`, `[{"type": "MIT"}, …]`. */
function licenceOf(value: unknown): string | undefined {
  if (!Array.isArray(value)) return plainWord(typeOf(value));
  const names = value.slice(0, 16).map((one) => plainWord(typeOf(one)));
  const known = names.filter((name) => name !== undefined);
  return known.length === 0 ? undefined : plainWord(known.join(" OR "));
}

function typeOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "type" in value ? value.type : value;
}
