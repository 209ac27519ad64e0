import { lutimesSync } from "node:fs";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import type { Tree } from "../debian/unpack/tree.ts";
import { readLayer } from "../oci/layer/layer-tar.ts";
import type { Layout } from "../oci/layout.ts";
import type { TarEntry } from "../oci/tar/entry.ts";
import { readTar } from "../oci/tar/read.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import type { LayerIndex } from "../oci/layer/layer-index.ts";
import { indexTarEntry, readLayerIndex, saveLayerIndex } from "../oci/layer/layer-index.ts";
import { mergeLayers, type TreeView } from "../oci/layer/tree-view.ts";

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
  const reading = layers.map((layer) => readEntries(ctx, layout, layer));
  for (const layer of reading) layer.catch(() => {});
  const cached = layers.map((layer) => readLayerIndex(ctx, layer.diffId));
  // With all indexes at hand what survives is known beforehand, and a layer is written while the next ones are decompressed.
  const indexes = await Promise.all(cached.map(async (index, at) => index ?? (await reading[at])?.index ?? []));
  const view = mergeLayers(indexes);
  const writer = new LayerWriter(tree, view);
  for (const [at, index] of indexes.entries()) writer.write((await reading[at])?.entries ?? [], index);
  writer.finish();
  return { view, absent: writer.absent };
}

class LayerWriter {
  readonly absent = new Set<string>();
  readonly #tree: Tree;
  readonly #view: TreeView;
  readonly #links: { readonly link: TarEntry; readonly layer: readonly TarEntry[] }[] = [];
  /** Layer → its entries by path, but for hard links; only of layers that have links. */
  readonly #targets = new Map<readonly TarEntry[], ReadonlyMap<string, TarEntry>>();

  constructor(tree: Tree, view: TreeView) {
    this.#tree = tree;
    this.#view = view;
  }

  /** Writes what no upper layer replaces or removes. */
  write(layer: readonly TarEntry[], index: LayerIndex): void {
    for (const [at, entry] of layer.entries()) {
      if (this.#view.get(entry.path) !== index[at]) continue;
      if (entry.type === "hardlink") this.#links.push({ link: entry, layer });
      else if (entry.type === "character" || entry.type === "block") this.absent.add(entry.path);
      else addEntry(this.#tree, entry);
    }
  }

  /** Links need their targets, and every file that is made in a folder changes the folder's time. */
  finish(): void {
    for (const { link, layer } of this.#links) addLink(this.#tree, link, this.#targetsOf(layer).get(link.linkname));
    for (const { path, type, mtime } of this.#view.values())
      if (type === "directory") lutimesSync(this.#tree.host(this.#tree.place(path)), mtime, mtime);
  }

  #targetsOf(layer: readonly TarEntry[]): ReadonlyMap<string, TarEntry> {
    const known = this.#targets.get(layer);
    if (known !== undefined) return known;
    const targets = new Map(layer.filter(({ type }) => type !== "hardlink").map((entry) => [entry.path, entry]));
    this.#targets.set(layer, targets);
    return targets;
  }
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
  if (cached !== undefined && cached.length !== entries.length) {
    throw new IngotError("store-damaged", `the cached index of the layer ${layer.digest} does not fit the layer`, {
      hint: `rm -r ${ctx.home}/cache/layers; it is made again`,
    });
  }
  if (cached !== undefined) return { entries, index: cached };
  const index = entries.map(indexTarEntry);
  saveLayerIndex(ctx, layer.diffId, index);
  return { entries, index };
}

function addEntry(tree: Tree, entry: TarEntry): void {
  const real = tree.place(entry.path);
  const isThere = entry.type === "directory" && tree.stat(real)?.isDirectory();
  if (isThere) tree.setFolder(real, entry);
  else tree.add(real, entry);
}

/** A link whose target an upper layer replaced is a file of its own by now. */
function addLink(tree: Tree, link: TarEntry, target: TarEntry | undefined): void {
  const isIntact = target === undefined || isFrom(tree, target);
  tree.add(tree.place(link.path), isIntact ? link : { ...target, path: link.path });
}

function isFrom(tree: Tree, target: TarEntry): boolean {
  const stat = tree.stat(tree.place(target.path));
  return stat !== undefined && stat.size === target.size && Math.floor(stat.mtimeMs / 1000) === target.mtime;
}
