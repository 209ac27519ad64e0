import type { UnownedFile } from "./inventory.ts";
import { order } from "./dpkg-status.ts";
import type { ImageFacts } from "./image-facts.ts";
import { isWrittenByScripts } from "./script-written.ts";

/** Regular files and symbolic links that nothing explains, by path. A further name of a file is listed as the file. */
export function findUnowned(image: ImageFacts, isOwned: (path: string) => boolean): readonly UnownedFile[] {
  const found: UnownedFile[] = [];
  for (const entry of image.view.values()) {
    if (entry.type !== "file" && entry.type !== "symlink" && entry.type !== "hardlink") continue;
    const path = image.place(entry.path);
    if (isOwned(path) || isWrittenByScripts(image, { path, isOwned })) continue;
    const content = entry.type === "hardlink" ? image.linkedFile(entry) : entry;
    const { mode, uid, gid } = entry;
    const sha256 = content?.sha256;
    const shared = { path, type: content?.type ?? "file", mode, uid, gid, size: content?.size ?? 0 };
    found.push({ ...shared, ...(sha256 !== undefined && { sha256 }) });
  }
  return found.toSorted((a, b) => order(a.path, b.path));
}
