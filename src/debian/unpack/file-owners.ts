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
 * installed together. `installed` are the packages of this stage; those of lower layers are found by their lists, and have no relations to read.
 */
export function takeOver(
  path: string,
  item: Package,
  options: { tree: Tree; installed: ReadonlyMap<string, Package> },
): Takeover {
  const { tree, installed } = options;
  const owner = ownerOf(path, tree, databaseName(item));
  if (owner === undefined) return "overwrite";
  const other = installed.get(owner);
  if (other !== undefined && replaces(other, item)) return "skip";
  // Of a package of a lower layer only the name is at hand, and its Replaces would have been seen when it was unpacked.
  if (!replaces(item, other ?? { ...item, name: owner.split(":")[0] ?? "", version: "" }))
    throw new IngotError(
      "packages-share-file",
      `both ${item.name} and ${owner} ship the file /${path}, and neither replaces the other`,
      {
        hint: "leave one of the two packages out",
      },
    );
  const list = `${infoFolder}/${owner}.list`;
  tree.writeText(
    list,
    readLines(tree, list)
      .filter((line) => line !== `/${path}`)
      .map((line) => `${line}\n`)
      .join(""),
  );
  return "overwrite";
}

function ownerOf(path: string, tree: Tree, self: string): string | undefined {
  const lists = readdirSync(tree.host(infoFolder)).filter((name) => name.endsWith(".list") && name !== `${self}.list`);
  return lists.find((name) => readLines(tree, `${infoFolder}/${name}`).includes(`/${path}`))?.slice(0, -".list".length);
}

function replaces(item: Package, other: Package): boolean {
  return item.replaces.some((relation) => relation.name === other.name && holds(relation, other.version));
}

function holds({ operator, version: wanted }: Relation, version: string): boolean {
  return (
    operator === undefined || wanted === undefined || version === "" || satisfiesVersion(version, operator, wanted)
  );
}
