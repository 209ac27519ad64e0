import { lstatSync, readdirSync, rmSync, type Stats } from "node:fs";

export type ScannedPath = { readonly path: string; readonly stat: Stats };

/** Every path of a tree with its lstat, folders before what they hold, names in byte order; the root is `""`. Compiled Python that nothing explains is removed on the way. */
export function scanTree(root: string, isKnown: (path: string) => boolean): readonly ScannedPath[] {
  const found: ScannedPath[] = [{ path: "", stat: lstatSync(root) }];
  const visit = (folder: string): void => {
    for (const name of readdirSync(`${root}/${folder}`)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const stat = lstatSync(`${root}/${path}`);
      if (isCompiledPython(name, stat) && !isKnown(path)) {
        rmSync(`${root}/${path}`, { recursive: true });
        continue;
      }
      found.push({ path, stat });
      if (stat.isDirectory()) visit(path);
    }
  };
  visit("");
  return found;
}

function isCompiledPython(name: string, stat: Stats): boolean {
  return name.endsWith(".pyc") ? stat.isFile() : name === "__pycache__" && stat.isDirectory();
}
