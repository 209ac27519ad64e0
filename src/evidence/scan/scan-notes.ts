import type { Inventory } from "../inventory/inventory.ts";
import type { ScanSource } from "./finding.ts";
import { isDebian, isForeignVersion, isOwnLanguagePackage } from "./group-installed.ts";

/** What a person must know about the image and the sources to read a scan rightly. */
export function noteLimits(inventory: Inventory, sources: readonly ScanSource[], now: Date): readonly string[] {
  return [
    ...sources.flatMap((source) => noteAge(source, now)),
    ...noteForeignVersions(inventory),
    ...noteUnversioned(inventory),
    ...inventory.notes,
  ];
}

/** Whether a source could say anything about vulnerabilities: KEV and EPSS only rate those that another source found. */
export function hasAdvisories(sources: readonly ScanSource[]): boolean {
  return sources.some(({ kind }) => kind === "security-suite" || kind === "debian-tracker" || kind === "osv");
}

/** Debian signs the suite anew every few days. Feeds tell their own age, with what to do about it. */
const oldSuite = 14;

function noteAge({ name, kind, date }: ScanSource, now: Date): string[] {
  const days = Math.floor((now.getTime() - Date.parse(date)) / 86_400_000);
  if (kind !== "security-suite" || !(days > oldSuite)) return [];
  return [`${name} is ${days} days old (${date.slice(0, 10)}): the mirror may have stopped following Debian`];
}

function noteForeignVersions(inventory: Inventory): string[] {
  if (!isDebian(inventory)) return [];
  const found = inventory.debian.filter(({ version }) => isForeignVersion(version));
  if (found.length === 0) return [];
  const names = listFew(found.map(({ name, version }) => `${name} ${version}`));
  return [`these versions are not of the release, and its advisories may be wrong about them: ${names}`];
}

function noteUnversioned(inventory: Inventory): string[] {
  const found = inventory.language.filter((one) => isOwnLanguagePackage(inventory, one) && !/\d/.test(one.version));
  if (found.length === 0) return [];
  return [`no version is known, so nothing can be said about: ${listFew(unique(found.map(({ path }) => path)))}`];
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

function listFew(names: readonly string[]): string {
  return names.slice(0, 5).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");
}
