import type { DebianPackage, Inventory, LanguagePackage } from "../inventory/inventory.ts";
import type { InstalledSource } from "./finding.ts";

/**
 * What sources of findings are asked about: one entry for each source package and version of Debian, and one for each language package that no Debian package
 * brings. Advisories of Debian say nothing about another distribution's packages, however alike their versions look: those are left out.
 */
export function groupInstalled(inventory: Inventory): readonly InstalledSource[] {
  const debian = isDebian(inventory) ? groupDebian(inventory.debian, inventory.os?.codename) : [];
  return [...debian, ...groupLanguage(inventory.language)];
}

/** Whether Debian's own advisories are about this image: its os-release says Debian, or says nothing while packages of dpkg are there. */
export function isDebian({ os }: Pick<Inventory, "os">): boolean {
  return os === undefined || os.id === "debian";
}

function groupDebian(packages: readonly DebianPackage[], release: string | undefined): InstalledSource[] {
  const sources = Map.groupBy(packages, ({ source, sourceVersion }) => `${source} ${sourceVersion}`);
  return [...sources.values()].map((binaries) => ({
    ecosystem: "deb",
    name: binaries[0]?.source ?? "",
    version: binaries[0]?.sourceVersion ?? "",
    binaries: unique(binaries.map(({ name, version }) => `${name}=${version}`)),
    ...(release === undefined || release === "" ? {} : { release }),
  }));
}

/** The same package may lie in an image many times, in many folders. */
function groupLanguage(packages: readonly LanguagePackage[]): InstalledSource[] {
  // Debian mends what it ships without changing the version that upstream gave it: an upstream range would be wrong about it.
  const own = packages.filter(({ debianPackage }) => debianPackage === undefined);
  const groups = Map.groupBy(own, ({ ecosystem, name, version }) => `${ecosystem} ${name} ${version}`);
  return [...groups.values()].flatMap(([first]) =>
    first === undefined
      ? []
      : [
          {
            ecosystem: first.ecosystem,
            name: first.name,
            version: first.version,
            binaries: [`${first.name}=${first.version}`],
          },
        ],
  );
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted();
}
