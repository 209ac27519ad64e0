import type { TarHeader } from "../tar/entry.ts";
import { compareTarPaths } from "../tar/order.ts";
import { paddingOf } from "../tar/fields.ts";
import { tarEnd, tarHeaderBlocks } from "../tar/write.ts";
import type { LayerTar } from "./layer-tar.ts";
import { mergeLayerTars } from "./merge-layer-tars.ts";
import { walk, type TreeFile, type TreeFolder, type TreeNode } from "./tree.ts";

/** One path of the final tree, with where its content is: at `offset` of the archive of layer number `layer`. */
export type MergedEntry = { readonly header: TarHeader; readonly layer: number; readonly offset: number };

export type MergedTree = {
  /** Sorted by path: folders before what they hold, hard links after their target. The root is `""`. */
  readonly entries: ReadonlyMap<string, MergedEntry>;
  /** Paths of device nodes: an image from outside should have none, and an instance cannot use them. */
  readonly devices: readonly string[];
  /** A file's content; symlinks are followed inside the tree. Undefined when there is no such file. */
  readonly readFile: (path: string) => Buffer | undefined;
};

/** The tree of files that the layers, lowest first, make up together (whiteouts applied). */
export function flattenLayers(layers: readonly LayerTar[]): MergedTree {
  const root = mergeLayerTars(layers);
  const entries = listEntries(root);
  const devices = [...entries].filter(([, { header }]) => header.device !== undefined).map(([path]) => path);
  return { entries, devices, readFile: (path) => readFile(layers, walk(root, path)) };
}

/** The merged tree as one archive, piece by piece: input of `sqfstar` or `tar -x`. The same layers give the same bytes. */
export function* mergedTarChunks(layers: readonly LayerTar[], tree: MergedTree): Generator<Buffer, void, undefined> {
  for (const { header, layer, offset } of tree.entries.values()) {
    yield tarHeaderBlocks(header);
    if (header.size === 0) continue;
    yield* layers[layer]?.read(offset, header.size) ?? [];
    yield Buffer.alloc(paddingOf(header.size));
  }
  yield tarEnd;
}

function listEntries(root: TreeFolder): Map<string, MergedEntry> {
  const nodes = [...listNodes(root, "")].toSorted(([a], [b]) => compareTarPaths(a, b));
  const firstNames = new Map<TreeNode, string>();
  return new Map(nodes.map(([path, node]) => [path, mergedEntry(path, node, firstNames)]));
}

function* listNodes(folder: TreeFolder, path: string): Generator<[string, TreeNode], void, undefined> {
  yield [path, folder];
  for (const [name, child] of folder.children) {
    const childPath = path === "" ? name : `${path}/${name}`;
    if (child.kind === "folder") yield* listNodes(child, childPath);
    else yield [childPath, child];
  }
}

function mergedEntry(path: string, node: TreeNode, firstNames: Map<TreeNode, string>): MergedEntry {
  const header = { ...node.header, path };
  if (node.kind === "folder") return { header, layer: node.layer, offset: 0 };
  const place = { layer: node.layer, offset: node.offset };
  // Only regular files stay one file under several names; two equal symlinks or nodes are as good.
  const first = node.header.type === "file" ? firstNames.get(node) : undefined;
  if (first !== undefined) return { header: { ...header, type: "hardlink", linkname: first, size: 0 }, ...place };
  firstNames.set(node, path);
  return { header, ...place };
}

function readFile(layers: readonly LayerTar[], node: TreeNode | undefined): Buffer | undefined {
  if (node?.kind !== "file" || node.header.type !== "file") return undefined;
  const { layer, offset, header }: TreeFile = node;
  return Buffer.concat([...(layers[layer]?.read(offset, header.size) ?? [])]);
}
