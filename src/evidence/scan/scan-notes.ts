import type { Inventory } from "../inventory/inventory.ts";
import type { ScanSource } from "./finding.ts";
import { isDebian } from "./group-installed.ts";

/** What a person must know about the image and the sources to read a scan rightly. */
export function noteLimits(inventory: Inventory, sources: readonly ScanSource[], now: Date): readonly string[] {
  return [
    ...sources.flatMap((source) => noteAge(source, now)),
    ...noteSources(inventory, sources),
    ...noteSystem(inventory),
    ...noteForeignVersions(inventory),
    ...noteUnversioned(inventory),
    ...inventory.notes,
  ];
}

/** Whether a source could say anything about vulnerabilities: KEV and EPSS only rate those that another source found. */
export function hasAdvisories(sources: readonly ScanSource[]): boolean {
  return sources.some(({ kind }) => kind === "security-suite" || kind === "debian-tracker" || kind === "osv");
}

function noteSources({ language }: Inventory, sources: readonly ScanSource[]): string[] {
  if (!hasAdvisories(sources)) {
    return ["no source of advisories was asked: that there are no findings says nothing; `ingot feeds add` adds one"];
  }
  const own = language.filter(({ debianPackage }) => debianPackage === undefined);
  if (own.length === 0 || sources.some(({ kind }) => kind === "osv")) return [];
  return [`${own.length} language packages were not looked at: only an OSV feed says anything about them`];
}

/** Debian signs the suite anew every few days. Feeds tell their own age, with what to do about it. */
const oldSuite = 14;

function noteAge({ name, kind, date }: ScanSource, now: Date): string[] {
  const days = Math.floor((now.getTime() - Date.parse(date)) / 86_400_000);
  if (kind !== "security-suite" || !(days > oldSuite)) return [];
  return [`${name} is ${days} days old (${date.slice(0, 10)}): the mirror may have stopped following Debian`];
}

function noteSystem(inventory: Inventory): string[] {
  const { os, debian } = inventory;
  if (debian.length === 0) return ["the image has no Debian packages"];
  if (os === undefined) return ["the image does not say which release it is (it has no os-release)"];
  if (isDebian(inventory)) return [];
  return [`the image is ${os.prettyName || os.id}, not Debian: its ${debian.length} packages were not looked at`];
}

/** How others mark the versions of packages that they build for a Debian. */
const foreign = /ubuntu|sury|pgdg|nodesource|\+rpt|kali|mint|proxmox|~?bpo\d+/i;

function noteForeignVersions(inventory: Inventory): string[] {
  if (!isDebian(inventory)) return [];
  const found = inventory.debian.filter(({ version }) => foreign.test(version));
  if (found.length === 0) return [];
  const names = found.map(({ name, version }) => `${name} ${version}`);
  const shown = names.slice(0, 5).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");
  return [`these versions are not of the release, and its advisories may be wrong about them: ${shown}`];
}

function noteUnversioned({ language }: Inventory): string[] {
  const found = language.filter((one) => one.debianPackage === undefined && !/\d/.test(one.version));
  if (found.length === 0) return [];
  return [`no version is known, so nothing can be said about: ${found.map(({ path }) => path).join(", ")}`];
}
