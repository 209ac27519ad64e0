import { compare } from "../../ground/compare.ts";
import { parentOf } from "../../oci/layer/tree-view.ts";
import type { LanguagePackage } from "./inventory.ts";
import type { ImageFacts } from "./image-facts.ts";
import { languagePurl } from "./purl.ts";

/** The packages of languages that files of the tree name, by ecosystem, name, version and path. `owner`: the Debian package that brings a file. */
export function readLanguagePackages(
  image: ImageFacts,
  owner: (path: string) => string | undefined,
): readonly LanguagePackage[] {
  const found = [...image.facts].flatMap(([path, fact]) => {
    if (fact.kind !== "packages") return [];
    const debianPackage = owner(image.place(path));
    return fact.packages.map((item) => ({
      ...item,
      purl: languagePurl(item),
      path,
      ...(debianPackage !== undefined && { debianPackage }),
    }));
  });
  // A Go program may name a module twice.
  const unique = new Map(found.map((one) => [[one.ecosystem, one.name, one.version, one.path].join("\n"), one]));
  return [...unique.values()].toSorted(
    (a, b) =>
      compare(a.ecosystem, b.ecosystem) ||
      compare(a.name, b.name) ||
      compare(a.version, b.version) ||
      compare(a.path, b.path),
  );
}

/** Whether a language package brings a path (a place in the tree). */
export function ownedByLanguage(image: ImageFacts, packages: readonly LanguagePackage[]): (path: string) => boolean {
  const records = [...image.facts.values()].flatMap((fact) => (fact.kind === "record" ? fact.paths : []));
  const files = new Set([...packages.map(({ path }) => path), ...records].map((path) => image.place(path)));
  const npm = packages.filter(({ ecosystem }) => ecosystem === "npm");
  const folders = new Set(npm.map(({ path }) => parentOf(image.place(path))));
  const isBelowPackage = (folder: string): boolean =>
    folder !== "" && (folders.has(folder) || isBelowPackage(parentOf(folder)));
  return (path) => files.has(path) || (folders.size > 0 && isBelowPackage(parentOf(path)));
}
