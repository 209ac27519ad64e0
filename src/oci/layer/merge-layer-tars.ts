import { IngotError } from "../../ground/error.ts";
import type { LayerEntry, LayerTar } from "./layer-tar.ts";
import { newFolder, walk, type TreeFolder } from "./tree.ts";

/**
 * Applies opened layers, lowest first, to one tree (image-spec layer.md, "Applying Changesets"). Every path is resolved inside the tree, so nothing a
 * layer holds can reach outside of it. Throws `layer-malformed` when a link's target is missing or a file stands where a folder must be.
 */
export function mergeLayerTars(layers: readonly Pick<LayerTar, "entries">[]): TreeFolder {
  const root = newFolder("", 0);
  for (const [layer, { entries }] of layers.entries()) {
    // Whiteouts hide what lower layers hold, never their own layer's entries, wherever in the archive they stand.
    for (const entry of entries) applyWhiteout(root, entry);
    for (const entry of entries) applyEntry(root, entry, layer);
  }
  return root;
}

const whiteoutPrefix = ".wh.";
const opaqueMarker = ".wh..wh..opq";

function applyWhiteout(root: TreeFolder, { header }: LayerEntry): void {
  const [parentPath, name] = split(header.path);
  if (!name.startsWith(whiteoutPrefix)) return;
  const parent = walk(root, parentPath);
  if (parent?.kind !== "folder") return;
  if (name === opaqueMarker) parent.children.clear();
  else parent.children.delete(name.slice(whiteoutPrefix.length));
}

function applyEntry(root: TreeFolder, { header, offset }: LayerEntry, layer: number): void {
  const [parentPath, name] = split(header.path);
  // Every other name with this prefix is bookkeeping of AUFS, which is no file of the image.
  if (name.startsWith(whiteoutPrefix)) return;
  if (name === "") {
    root.header = header;
    return;
  }
  const parent = walk(root, parentPath, { make: layer });
  if (parent?.kind !== "folder") throw notAFolder(header.path);
  const existing = parent.children.get(name);
  if (header.type === "directory") {
    if (existing?.kind === "folder") Object.assign(existing, { header, layer });
    else parent.children.set(name, { kind: "folder", header, layer, children: new Map() });
  } else if (header.type === "hardlink") {
    const target = walk(root, header.linkname, { keepLast: true });
    if (target?.kind !== "file") throw missingTarget(header.path, header.linkname);
    parent.children.set(name, target);
  } else {
    parent.children.set(name, { kind: "file", header, layer, offset });
  }
}

function split(path: string): [parent: string, name: string] {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? ["", path] : [path.slice(0, slash), path.slice(slash + 1)];
}

function notAFolder(path: string): IngotError {
  return new IngotError(
    "layer-malformed",
    `a layer holds ${JSON.stringify(path)}, below something that is not a folder`,
    {
      hint: "do not use this image: no engine can unpack it",
    },
  );
}

function missingTarget(path: string, target: string): IngotError {
  return new IngotError(
    "layer-malformed",
    `a layer makes ${JSON.stringify(path)} a hard link to ${JSON.stringify(target)}, which is not there`,
    { hint: "do not use this image: no engine can unpack it" },
  );
}
