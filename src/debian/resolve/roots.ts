import { IngotError } from "../../ground/error.ts";
import type { Package } from "../package.ts";
import type { PackageIndex } from "./package-index.ts";
import type { Universe } from "./universe.ts";

/** A word of the request: `nginx`, a virtual name such as `default-mta`, or `nginx=1.22.1-9`. */
export type Root = { readonly written: string; readonly package: Package };

/**
 * Finds the package of each requested name, as apt does: the real one, or the only provider of a virtual one. Throws `package-unknown` with everything that
 * is wrong with any of the names.
 */
export function findRoots(names: readonly string[], index: PackageIndex, universe: Universe): readonly Root[] {
  const problems: string[] = [];
  const roots: Root[] = [];
  for (const written of new Set(names)) {
    const found = findRoot(written, index, universe);
    if (typeof found === "string") problems.push(found);
    else roots.push({ written, package: found });
  }
  const [first = "", ...more] = problems;
  if (problems.length === 0) return roots;
  throw new IngotError("package-unknown", more.length === 0 ? first : `${problems.length} packages cannot be found`, {
    hint: "correct the names under packages: in ingot.yaml",
    details: more.length === 0 ? [] : problems,
  });
}

/** The exact versions that the request asks for. */
export function exactVersions(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    names.map(splitVersion).flatMap(([name, version]): [string, string][] => (version ? [[name, version]] : [])),
  );
}

function splitVersion(written: string): [name: string, version: string | undefined] {
  const [name = "", version] = written.split("=", 2);
  return [name, version];
}

/** The package, or what is wrong. */
function findRoot(written: string, index: PackageIndex, universe: Universe): Package | string {
  const [name, version] = splitVersion(written);
  const candidate = universe.candidate(name);
  if (candidate) return candidate;
  if (version !== undefined && index.candidates(name).length > 0)
    return `${name} has no version ${version}: there is ${listVersions(name, index)}`;
  const providers = universe.fulfilling({ name });
  const [only] = providers;
  if (only && new Set(providers.map((each) => each.name)).size === 1) return only;
  if (only) return `${name} is a virtual package: write one of ${listNames(providers)}`;
  return describeUnknown(name, index);
}

/** "1.22.1-9 (bookworm), 1.22.1-9+deb12u2 (bookworm-security)". */
export function listVersions(name: string, index: PackageIndex): string {
  return index
    .candidates(name)
    .map((each) => `${each.version} (${index.suites[each.suite]?.suite ?? "the lock"})`)
    .join(", ");
}

function listNames(providers: readonly Package[]): string {
  return [...new Set(providers.map(({ name }) => name))].toSorted().join(", ");
}

function describeUnknown(name: string, index: PackageIndex): string {
  const nearest = index.nearestNames(name);
  const suites = index.suites.map(({ suite }) => suite).join(", ");
  const question = nearest.length === 0 ? "" : `; did you mean ${nearest.join(", ")}?`;
  return `there is no package ${name} in ${suites}${question}`;
}
