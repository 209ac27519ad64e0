import type { Finding, Path } from "../finding.ts";
import { packagePattern } from "../scalars.ts";
import { asList, asText, type Mapping } from "./written.ts";

/** Package names by Debian's rule, each once. A name only: the version belongs to the lock, the architecture to the image. */
export function checkPackages(image: Mapping, path: Path): Finding[] {
  const seen = new Set<string>();
  return asList(image.packages).flatMap((entry, index): Finding[] => {
    const at = { path: [...path, "packages", index], on: "value" } as const;
    const name = asText(entry);
    if (name === undefined) return [];
    if (!packagePattern.test(name)) return [{ ...at, ...explainName(name) }];
    if (seen.has(name)) return [{ ...at, expected: "each package once", got: `"${name}" again` }];
    seen.add(name);
    return [];
  });
}

function explainName(written: string): { expected: string; meant?: string } {
  const [name = ""] = written.split(/[:=/\s]/);
  const meant = packagePattern.test(name) ? { meant: name } : {};
  if (written.includes("="))
    return { expected: "a package name without a version (ingot.lock holds the versions)", ...meant };
  if (written.includes(":"))
    return { expected: "a package name without an architecture (it is the image's)", ...meant };
  if (written.includes("/")) return { expected: "a package name without a suite (it is the base's)", ...meant };
  const lower = written.toLowerCase();
  return { expected: "a Debian package name", ...(packagePattern.test(lower) ? { meant: lower } : meant) };
}
