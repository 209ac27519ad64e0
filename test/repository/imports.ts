import { posix } from "node:path";
import { listFiles, readText } from "./repository-files.ts";

export type Import = {
  /** The importing file, from the repository's root. */
  readonly file: string;
  /** As it is written: `./package.ts`, `node:fs`, `yaml`. */
  readonly specifier: string;
  /** The imported file from the repository's root; undefined for packages and Node's own modules. */
  readonly target: string | undefined;
};

/** Every static, dynamic and type import of every TypeScript and JavaScript file below `folder`. */
export function listImports(folder: string): readonly Import[] {
  return listFiles(folder)
    .filter((file) => /\.[jt]s$/.test(file))
    .flatMap((file) => readSpecifiers(readText(file)).map((specifier) => toImport(file, specifier)));
}

// The formatter writes an import's or export's `from "…"` at the end of a statement, and a dynamic import as `import("…")`.
function readSpecifiers(text: string): readonly string[] {
  const forms = /^(?:import|export)\b[^"';]*?from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;
  return [...text.matchAll(forms)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

function toImport(file: string, specifier: string): Import {
  const target = specifier.startsWith(".") ? posix.join(posix.dirname(file), specifier) : undefined;
  return { file, specifier, target };
}

/** `src/debian/archive/fetch.ts` → `debian`; undefined for a file outside src or directly in it. */
export function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** `@napi-rs/lzma/x` → `@napi-rs/lzma`; undefined for files and Node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("node:")) return undefined;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
