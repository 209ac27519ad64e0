import type { Context } from "../../ground/context.ts";
import type { LayerBlob } from "../../oci/layer/layer-blob.ts";
import type { LayerIndex, LayerIndexEntry } from "../../oci/layer/layer-index.ts";
import { joinPath, mergeLayers, parentOf, resolveParents, type TreeView } from "../../oci/layer/tree-view.ts";
import type { Layout } from "../../oci/layout.ts";
import type { FileFact } from "./file-fact.ts";
import { readLayer, type ReadLayer } from "./layer-facts.ts";

/** The merged tree of an image, with what its files tell. */
export type ImageFacts = {
  readonly view: TreeView;
  /** By path as in `view`; only of files that no upper layer replaces or hides. */
  readonly facts: ReadonlyMap<string, FileFact>;
  /** Where a path really is: links among its parents followed, the last part not. */
  readonly place: (path: string) => string;
  /** The same, and the link itself followed, as `open` does it. */
  readonly follow: (path: string) => string;
  /** The regular file that a hard link is another name of, in its own layer. */
  readonly linkedFile: (entry: LayerIndexEntry) => LayerIndexEntry | undefined;
};

/** Reads all layers. One at a time: each may take up to a gibibyte of memory. */
export async function readImageFacts(
  ctx: Pick<Context, "home" | "signal">,
  { layout, layers }: { readonly layout: Layout; readonly layers: readonly LayerBlob[] },
): Promise<ImageFacts> {
  const read: ReadLayer[] = [];
  for (const layer of layers) {
    ctx.signal.throwIfAborted();
    read.push(await readLayer(ctx, { layout, layer }));
  }
  const view = mergeLayers(read.map(({ index }) => index));
  const facts = new Map<string, FileFact>();
  const linked = new Map<LayerIndexEntry, LayerIndexEntry>();
  for (const layer of read) {
    collectFacts(layer, view, facts);
    collectLinks(layer.index, linked);
  }
  const place = placeIn(view);
  return { view, facts, place, follow: followIn(view, place), linkedFile: (entry) => linked.get(entry) };
}

function collectFacts({ index, facts }: ReadLayer, view: TreeView, into: Map<string, FileFact>): void {
  if (facts.size === 0) return;
  for (const entry of index) {
    const fact = facts.get(entry.path);
    if (fact !== undefined && view.get(entry.path) === entry) into.set(entry.path, fact);
  }
}

function collectLinks(index: LayerIndex, into: Map<LayerIndexEntry, LayerIndexEntry>): void {
  const links = index.filter(({ type }) => type === "hardlink");
  if (links.length === 0) return;
  const files = new Map(index.filter(({ type }) => type === "file").map((entry) => [entry.path, entry]));
  for (const link of links) {
    const file = files.get(link.linkname);
    if (file !== undefined) into.set(link, file);
  }
}

/** Folders are few and files many: each folder is resolved once. */
function placeIn(view: TreeView): ImageFacts["place"] {
  const folders = new Map<string, string>();
  const placeFolder = (folder: string): string => {
    const known = folders.get(folder);
    if (known !== undefined) return known;
    const real = parentOf(resolveParents(view, `${folder}/.`));
    folders.set(folder, real);
    return real;
  };
  return (path) => {
    const folder = parentOf(path);
    const name = path.slice(folder === "" ? 0 : folder.length + 1);
    return joinPath(folder === "" ? "" : placeFolder(folder), name);
  };
}

/** As many links as the kernel follows before it says ELOOP. */
const mostLinks = 40;

function followIn(view: TreeView, place: ImageFacts["place"]): ImageFacts["follow"] {
  return (path) => {
    let real = place(path);
    for (let links = 0; links < mostLinks; links += 1) {
      const entry = view.get(real);
      if (entry?.type !== "symlink") break;
      const target = entry.linkname.startsWith("/")
        ? entry.linkname.slice(1)
        : joinPath(parentOf(real), entry.linkname);
      // With a last part that is no link, so that `..` and `.` are taken out of the whole.
      real = parentOf(resolveParents(view, `${target}/.`));
    }
    return real;
  };
}
