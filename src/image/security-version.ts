import type { PackageIndex } from "../debian/resolve/package-index.ts";
import { compareVersions } from "../debian/resolve/version.ts";
import type { LockedPackage } from "./lock.ts";

/**
 * The version of a locked package that the security suite has, where it is built from a newer version of the same source; undefined where that suite has no
 * fix for it. Source versions decide: a package that was only built again has no other content.
 */
export function securityVersion(
  item: Pick<LockedPackage, "name" | "source" | "sourceVersion">,
  index: PackageIndex,
): string | undefined {
  const fixed = index
    .candidates(item.name)
    .filter(({ suite }) => index.suites[suite]?.archive === "security")
    .find(
      ({ source, sourceVersion }) => source === item.source && compareVersions(sourceVersion, item.sourceVersion) > 0,
    );
  return fixed?.version;
}
