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
  image: { readonly layout: Layout; readonly layers: readonly LayerBlob[] },
  paths: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  let wanted = new Set(paths);
  const found = new Map<string, Buffer>();
  for (const layer of image.layers.toReversed()) {
    if (wanted.size === 0) break;
    const index = await layerIndex(ctx, layer);
    const here = findContents(index, wanted);
    if (here.size > 0) {
      const contents = await readContents(image.layout, layer, new Set(here.values()));
      for (const [path, source] of here) found.set(path, present(contents.get(source), `the content of ${path}`));
    }
    wanted = new Set(stillBelow(index, wanted));
  }
  return found;
}

/** Which of the paths this layer has as regular files, and the path that holds the content: a hard link's is that of its first name. */
function findContents(index: LayerIndex, wanted: ReadonlySet<string>): ReadonlyMap<string, string> {
  const files = new Set(index.filter((entry) => entry.type === "file").map((entry) => entry.path));
  const named = index.filter((entry) => wanted.has(entry.path));
  const sources = named.map(({ type, path, linkname }) => [path, type === "hardlink" ? linkname : path] as const);
  return new Map(sources.filter(([, source]) => files.has(source)));
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
function stillBelow(index: LayerIndex, wanted: ReadonlySet<string>): readonly string[] {
  const below = [...wanted].flatMap((path) => [...parentsOf(path).map(imaginedFolder), imagined(path)]);
  const places = new Set(below.map((entry) => entry.path));
  const view = mergeLayers([below, index.filter(({ path }) => places.has(path) || baseName(path).startsWith(".wh."))]);
  return below.filter((entry) => wanted.has(entry.path) && view.get(entry.path) === entry).map((entry) => entry.path);
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
