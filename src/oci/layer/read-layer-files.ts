import type { Context } from "../../ground/context.ts";
import { present } from "../../ground/present.ts";
import { openLayerTar } from "./layer-tar.ts";
import type { Layout } from "../layout.ts";
import type { LayerBlob } from "./layer-blob.ts";
import { layerIndex, type LayerIndex, type LayerIndexEntry } from "./layer-index.ts";
import { baseName, mergeLayers, parentOf } from "./tree-view.ts";

/**
 * The content of some regular files of an image, as its layers leave them: the upper-most layer that has or hides a path decides. A path that is
 * missing, hidden by a whiteout of it or of a folder above it, or not a regular file is left out; symbolic links are not followed. The indexes say
 * which layers need opening at all.
 */
export async function readLayerFiles(
  ctx: Context,
  image: LayeredFiles,
  paths: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  let wanted: Wanted = new Map(paths.map((path) => [path, path]));
  const found = new Map<string, Buffer>();
  for (const layer of image.layers.toReversed()) {
    if (wanted.size === 0) break;
    const index = await layerIndex(ctx, layer);
    const { here, linked } = findContents(index, wanted, image.largest);
    if (here.size > 0) {
      const contents = await readContents(image.layout, layer, new Set(here.values()));
      for (const [name, source] of here) found.set(name, present(contents.get(source), `the content of ${name}`));
    }
    const below = stillBelow(index, new Set(wanted.values()));
    wanted = new Map([...[...wanted].filter(([, path]) => below.has(path)), ...linked]);
  }
  return found;
}

export type LayeredFiles = {
  readonly layout: Layout;
  /** Lowest first. */
  readonly layers: readonly LayerBlob[];
  /** Bytes; a file that is larger is left out. Attack: one of a gigabyte in the place of a small one, which is to be read into memory. */
  readonly largest?: number;
};

/** For each path that was asked for, the one to look for: another where a layer above has a hard link to it. */
type Wanted = ReadonlyMap<string, string>;

/** `here`: the path in this layer with the content, a hard link's being that of its first name. `linked`: the first name is in a lower layer. */
function findContents(
  index: LayerIndex,
  wanted: Wanted,
  largest = Infinity,
): { readonly here: Wanted; readonly linked: Wanted } {
  const sizes = new Map(index.flatMap(({ type, path, size }) => (type === "file" ? [[path, size] as const] : [])));
  const paths = new Set(wanted.values());
  const entries = new Map(index.flatMap((entry) => (paths.has(entry.path) ? [[entry.path, entry] as const] : [])));
  const here = new Map<string, string>();
  const linked = new Map<string, string>();
  for (const [name, path] of wanted) {
    const entry = entries.get(path);
    if (entry?.type !== "file" && entry?.type !== "hardlink") continue;
    const source = entry.type === "hardlink" ? entry.linkname : path;
    const size = sizes.get(source);
    if (size === undefined) linked.set(name, source);
    else if (size <= largest) here.set(name, source);
  }
  return { here, linked };
}

async function readContents(
  layout: Layout,
  layer: LayerBlob,
  sources: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Buffer>> {
  using tar = await openLayerTar(layout, layer, { diffId: layer.diffId });
  const entries = tar.entries.filter(({ header }) => header.type === "file" && sources.has(header.path));
  return new Map(entries.map(({ header, offset }) => [header.path, Buffer.concat([...tar.read(offset, header.size)])]));
}

/** The paths that a lower layer may still have: not those that this one has, whites out, or hides with a folder above them. */
function stillBelow(index: LayerIndex, wanted: ReadonlySet<string>): ReadonlySet<string> {
  const below = [...wanted].flatMap((path) => [...parentsOf(path).map(imaginedFolder), imagined(path)]);
  const places = new Set(below.map((entry) => entry.path));
  const view = mergeLayers([below, index.filter(({ path }) => places.has(path) || baseName(path).startsWith(".wh."))]);
  const left = below.filter((entry) => wanted.has(entry.path) && view.get(entry.path) === entry);
  return new Set(left.map((entry) => entry.path));
}

/** `a/b/c` → `a`, `a/b`. */
function parentsOf(path: string): readonly string[] {
  const parent = parentOf(path);
  return parent === "" ? [] : [...parentsOf(parent), parent];
}

function imagined(path: string): LayerIndexEntry {
  return { path, type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0, linkname: "" };
}

function imaginedFolder(path: string): LayerIndexEntry {
  return { ...imagined(path), type: "directory" };
}
