import { readdirSync } from "node:fs";
import { IngotError } from "../../ground/error.ts";
import type { Package, Relation } from "../package.ts";
import { satisfiesVersion } from "../resolve/version.ts";
import { readLines } from "./diversions.ts";
import { databaseName, infoFolder } from "./info-database.ts";
import type { Tree } from "./tree.ts";

/** What to do with a path that is there already when a package brings it. */
export type Takeover = "overwrite" | "skip";

/**
 * Who owns a path that two packages ship: the rule of dpkg. Replaces hands it over (Debian Policy 7.6.1); without it the packages cannot be
 * installed together. `real` is where the path is in the tree: `/bin/x` and `/usr/bin/x` are one file, which dpkg itself overlooks. `installed` are
 * the packages of this stage; those of lower layers are found by their lists.
 */
export function takeOver(
  real: string,
  item: Package,
  options: { readonly tree: Tree; readonly installed: ReadonlyMap<string, Package> },
): Takeover {
  const { tree, installed } = options;
  const found = findOwner(real, tree, databaseName(item));
  if (found === undefined) return "overwrite";
  const { owner, path } = found;
  const other = installed.get(owner);
  if (other !== undefined && replaces(other, item)) return "skip";
  // Of a package of a lower layer only the name is at hand.
  if (!replaces(item, other ?? { ...item, name: owner.split(":")[0] ?? "", version: "" })) {
    const problem = `both ${item.name} and ${owner} ship the file ${path}, and neither replaces the other`;
    throw new IngotError("packages-share-file", problem, { hint: "leave one of the two packages out" });
  }
  const list = `${infoFolder}/${owner}.list`;
  const kept = readLines(tree, list).filter((line) => line !== path);
  tree.writeText(list, kept.map((line) => `${line}\n`).join(""));
  return "overwrite";
}

/** The package whose list has the path, and how the list writes it. */
function findOwner(real: string, tree: Tree, self: string): { owner: string; path: string } | undefined {
  const name = real.slice(real.lastIndexOf("/"));
  for (const list of readdirSync(tree.host(tree.place(`${infoFolder}/.`)))) {
    if (!list.endsWith(".list") || list === `${self}.list`) continue;
    const lines = readLines(tree, `${infoFolder}/${list}`);
    const path = lines.find((line) => line.endsWith(name) && tree.place(line.slice(1)) === real);
    if (path !== undefined) return { owner: list.slice(0, -".list".length), path };
  }
  return undefined;
}

function replaces(item: Package, other: Package): boolean {
  return item.replaces.some((relation) => relation.name === other.name && holds(relation, other.version));
}

function holds({ operator, version: wanted }: Relation, version: string): boolean {
  return (
    operator === undefined || wanted === undefined || version === "" || satisfiesVersion(version, operator, wanted)
  );
}
