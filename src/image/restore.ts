import { lutimesSync } from "node:fs";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import type { Tree } from "../debian/unpack/tree.ts";
import { readLayer } from "../oci/layer/layer-tar.ts";
import type { Layout } from "../oci/layout.ts";
import type { TarEntry } from "../oci/tar/entry.ts";
import { readTar } from "../oci/tar/read.ts";
import type { LayerBlob, LayerIndex, LayerIndexEntry } from "./cast-plan.ts";
import { indexTarEntry, readLayerIndex, saveLayerIndex } from "./layer-index.ts";
import { mergeLayers, type TreeView } from "./tree-view.ts";

export type Restored = {
  readonly view: TreeView;
  /** Device nodes: they cannot be made in a user namespace, stay in the layers, and are not missed when the tree is compared. */
  readonly absent: ReadonlySet<string>;
};

/** Writes the merged result of layers into an empty tree, exactly as the cast that made them left it. Decompresses in parallel. */
export async function restoreLayers(
  ctx: Pick<Context, "home">,
  { layout, layers, tree }: { layout: Layout; layers: readonly LayerBlob[]; tree: Tree },
): Promise<Restored> {
  const contents = await Promise.all(layers.map((layer) => readEntries(ctx, layout, layer)));
  const view = mergeLayers(contents.map(({ index }) => index));
  const absent = new Set<string>();
  const links: { readonly link: TarEntry; readonly layer: LayerContent }[] = [];
  for (const layer of contents)
    for (const [at, entry] of layer.entries.entries()) {
      if (view.get(entry.path) !== layer.index[at]) continue;
      if (entry.type === "hardlink") links.push({ link: entry, layer });
      else if (entry.type === "character" || entry.type === "block") absent.add(entry.path);
      else addEntry(tree, entry);
    }
  for (const { link, layer } of links) addLink(tree, link, layer);
  restoreFolderTimes(tree, view);
  return { view, absent };
}

type LayerContent = { readonly entries: readonly TarEntry[]; readonly index: LayerIndex };

async function readEntries(ctx: Pick<Context, "home">, layout: Layout, layer: LayerBlob): Promise<LayerContent> {
  const cached = readLayerIndex(ctx, layer.diffId);
  // With an index at hand the digest of the compressed bytes is enough, which readLayer checks: the index says what they unpack to.
  const archive = await readLayer(layout, layer, cached === undefined ? { diffId: layer.diffId } : {});
  if (archive === undefined) {
    throw new IngotError(
      "layer-malformed",
      `the layer ${layer.digest} unpacks to more than a gibibyte, which Ingot does not restore`,
    );
  }
  const entries = [...readTar(archive)];
  const index = cached?.length === entries.length ? cached : entries.map(indexTarEntry);
  if (cached === undefined) saveLayerIndex(ctx, layer.diffId, index);
  return { entries, index };
}

function addEntry(tree: Tree, entry: TarEntry): void {
  const isThere = entry.type === "directory" && tree.stat(entry.path) !== undefined;
  if (isThere) tree.setFolder(entry.path, entry);
  else tree.add(tree.place(entry.path), entry);
}

/** A link whose target an upper layer replaced is a file of its own by now. */
function addLink(tree: Tree, link: TarEntry, layer: LayerContent): void {
  const target = layer.entries.find(({ path, type }) => path === link.linkname && type !== "hardlink");
  const isIntact = target === undefined || isFrom(tree, target);
  tree.add(tree.place(link.path), isIntact ? link : { ...target, path: link.path });
}

function isFrom(tree: Tree, target: TarEntry): boolean {
  const stat = tree.stat(target.path);
  return stat !== undefined && stat.size === target.size && Math.floor(stat.mtimeMs / 1000) === target.mtime;
}

/** Last, since every file that is made in a folder changes its time. */
export function restoreFolderTimes(tree: Tree, view: ReadonlyMap<string, LayerIndexEntry>): void {
  for (const { path, type, mtime } of view.values())
    if (type === "directory") lutimesSync(tree.host(path), mtime, mtime);
}
