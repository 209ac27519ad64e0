import { releaseNames } from "../../debian/release-names.ts";
import { compareVersions } from "../../debian/resolve/version.ts";
import { normalisePythonName } from "../inventory/python-name.ts";
import { isDebianVersion } from "./debian-version.ts";
import { comparePythonVersions, parsePythonVersion, type PythonVersion } from "./order-pep440.ts";
import { compareSemver, parseSemver } from "./order-semver.ts";

/** The ecosystems that are matched, as the index names them; of Debian one for each release. */
export type Ecosystem = "npm" | "pypi" | "golang" | `debian:${string}`;

/** Of OSV's ecosystem, such as `Debian:12` or `PyPI`; undefined for one that is not matched. */
export function ecosystemOf(name: string): Ecosystem | undefined {
  const [family = "", release = ""] = name.split(":", 2);
  switch (family) {
    case "npm":
      return "npm";
    case "PyPI":
      return "pypi";
    case "Go":
      return "golang";
    case "Debian":
      return releaseNames.has(release) ? `debian:${releaseNames.get(release)}` : undefined;
    default:
      return undefined;
  }
}

/** The name under which a package is looked up: Python's are the same in any case and with any separator (PEP 503). */
export function packageKey(ecosystem: Ecosystem, name: string): string {
  return `${ecosystem}/${ecosystem === "pypi" ? normalisePythonName(name) : name}`;
}

/** Below 0, 0 or above 0 as `a` is older than, equal to or newer than `b`; undefined where either is no version there. "0" of OSV is before every version. */
export function orderOf(ecosystem: Ecosystem, a: string, b: string): number | undefined {
  if (ecosystem === "npm" || ecosystem === "golang") return compareParsed([a, b], parseSemver, compareSemver);
  if (ecosystem === "pypi") return compareParsed([a, b], parsePythonVersion, comparePublic);
  return isDebianVersion(a) && isDebianVersion(b) ? compareVersions(a, b) : undefined;
}

/** A build of one's own, `2.0.0+cpu`, has what 2.0.0 has: a bound that names no local version is not about it (PEP 440, "Version specifiers"). */
function comparePublic(a: PythonVersion, b: PythonVersion): number {
  if (a.local !== undefined && b.local !== undefined) return comparePythonVersions(a, b);
  return comparePythonVersions({ ...a, local: undefined }, { ...b, local: undefined });
}

function compareParsed<T>(
  [a, b]: readonly [string, string],
  parse: (text: string) => T | undefined,
  compare: (a: T, b: T) => number,
): number | undefined {
  const left = parse(a);
  const right = parse(b);
  return left === undefined || right === undefined ? undefined : compare(left, right);
}
