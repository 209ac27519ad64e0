import type { DebianPackage, Inventory, LanguagePackage } from "../inventory/inventory.ts";
import type { InstalledSource } from "./finding.ts";

/**
 * What sources of findings are asked about: one entry for each source package and version of Debian, and one for each language package that no Debian package
 * brings. Advisories of Debian say nothing about another distribution's packages, however alike their versions look: those are left out.
 */
export function groupInstalled(inventory: Inventory): readonly InstalledSource[] {
  const debian = isDebian(inventory) ? groupDebian(inventory.debian, inventory.os?.codename) : [];
  return [...debian, ...groupLanguage(inventory)];
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

/**
 * Whether a language package is held against its own ecosystem's advisories. Not one that Debian ships: Debian mends it without changing the version that
 * upstream gave it, so an upstream range would be wrong about it. But a package in dpkg's form need not be Debian's: what another vendor built, and what lies where
 * Debian puts nothing (Policy 9.1.1), has Debian's advisories not know it.
 */
export function isOwnLanguagePackage(inventory: Inventory, { debianPackage, path }: LanguagePackage): boolean {
  if (debianPackage === undefined || !/^(?:usr\/(?!local\/)|lib|s?bin\/|etc\/|var\/)/.test(path)) return true;
  return inventory.debian.some(({ name, version }) => name === debianPackage && vendors.test(version));
}

/** Whether a version is not of the release: built by somebody else for a Debian, or a backport, which its advisories do not follow. */
export function isForeignVersion(version: string): boolean {
  return vendors.test(version) || /bpo\d/i.test(version);
}

/** How others mark the versions of packages that they build for a Debian. */
const vendors = /ubuntu|sury|pgdg|nodesource|\+rpt|kali|mint|proxmox/i;

/** The same package may lie in an image many times, in many folders. */
function groupLanguage(inventory: Inventory): InstalledSource[] {
  const own = inventory.language.filter((one) => isOwnLanguagePackage(inventory, one));
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
