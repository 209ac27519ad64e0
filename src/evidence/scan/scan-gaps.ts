import type { Inventory } from "../inventory/inventory.ts";
import type { Advisories, InstalledSource } from "./finding.ts";
import { isDebian, isOwnLanguagePackage } from "./group-installed.ts";

type Asked = {
  readonly inventory: Inventory;
  readonly installed: readonly InstalledSource[];
  readonly advisories: readonly Pick<Advisories, "source" | "covers">[];
};

/**
 * Why no findings would say nothing: no source was asked, none knows the packages of the image, or there is no list of them. Attack: an image without its
 * os-release, or a feed that is about something else, scans as clean.
 */
export function findGaps({ inventory, installed, advisories }: Asked): readonly string[] {
  if (advisories.length === 0)
    return ["no source of advisories was asked: that there are no findings says nothing; `ingot feeds add` adds one"];
  const gap = gapOfDebian(inventory, { installed, advisories }) ?? gapOfAll(inventory, { installed, advisories });
  return gap === undefined ? [] : [gap];
}

/** Language packages that no source knows. Not a gap as long as the others are known: few images have none, and few people have a feed of each language. */
export function noteLanguages({ inventory, installed, advisories }: Asked): readonly string[] {
  const isUnknown = (ecosystem: InstalledSource["ecosystem"]) => !advisories.some((one) => one.covers({ ecosystem }));
  const own = installed.filter(({ ecosystem }) => ecosystem !== "deb").map(({ ecosystem }) => ecosystem);
  const unknown = [...new Set(own)].filter(isUnknown);
  const left = inventory.language.filter(
    (one) => unknown.includes(one.ecosystem) && isOwnLanguagePackage(inventory, one),
  );
  if (advisories.length === 0 || left.length === 0) return [];
  return [
    `${left.length} language packages (${unknown.join(", ")}) were not looked at: only an OSV feed says anything about them`,
  ];
}

type Known = Pick<Asked, "installed" | "advisories">;

function gapOfDebian(inventory: Inventory, { installed, advisories }: Known): string | undefined {
  const { debian, os } = inventory;
  if (debian.length === 0) return undefined;
  const left = `its ${debian.length} packages were not looked at`;
  if (!isDebian(inventory)) return `the image is ${os?.prettyName || os?.id}, not Debian: ${left}`;
  const [one] = installed.filter(({ ecosystem }) => ecosystem === "deb");
  if (one === undefined || advisories.some(({ covers }) => covers(one))) return undefined;
  if (os === undefined) return `the image does not say which release it is (it has no os-release): ${left}`;
  if (one.release === undefined) return `the image does not say which release of Debian it is: ${left}`;
  const names = advisories.map(({ source }) => source.name).join(", ");
  return `no source knows the packages of Debian ${one.release} (asked: ${names}): ${left}`;
}

function gapOfAll({ debian, os }: Inventory, { installed, advisories }: Known): string | undefined {
  if (debian.length > 0) return undefined;
  if (os !== undefined) return `the image is ${os.prettyName || os.id}, and has no list of packages that Ingot reads`;
  if (installed.length === 0) return "the image has no packages that Ingot can name";
  if (installed.some((one) => advisories.some(({ covers }) => covers(one)))) return undefined;
  return "no source that was asked knows any package of the image";
}
