import { compare } from "../../ground/compare.ts";
import type { LayerIndexEntry } from "../../oci/layer/layer-index.ts";
import type { UnownedFile } from "./inventory.ts";
import type { ImageFacts } from "./image-facts.ts";
import { isWrittenByScripts } from "./script-written.ts";

/** Regular files and symbolic links that nothing explains, by path. A further name of a file is listed as the file. */
export function findUnowned(image: ImageFacts, isOwned: (path: string) => boolean): readonly UnownedFile[] {
  const ownedContents = new Set<string>();
  const others: (readonly [string, LayerIndexEntry])[] = [];
  for (const entry of image.view.values()) {
    const file = entry.type === "hardlink" ? (image.linkedFile(entry) ?? entry) : entry;
    if (file.type !== "file" && file.type !== "symlink" && file.type !== "hardlink") continue;
    const path = image.place(entry.path);
    if (!isOwned(path)) others.push([path, { ...file, path: entry.path }]);
    else if (file.sha256 !== undefined && file.size > 0) ownedContents.add(file.sha256);
  }
  const tree = { image, isOwned, ownedContents };
  const found = others.filter(([path, entry]) => !isWrittenByScripts(tree, entry, path)).map(describe);
  // Two entries of a layer may lie at one place, through a link among their folders.
  const unique = new Map(found.map((one) => [one.path, one]));
  return [...unique.values()].toSorted((a, b) => compare(a.path, b.path));
}

function describe([path, { type, mode, uid, gid, size, sha256 }]: readonly [string, LayerIndexEntry]): UnownedFile {
  return {
    path,
    type: type === "hardlink" ? "file" : type,
    mode,
    uid,
    gid,
    size,
    ...(sha256 !== undefined && { sha256 }),
  };
}
