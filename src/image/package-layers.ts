import type { Context } from "../ground/context.ts";
import type { Layout } from "../oci/layout.ts";
import type { TarEntry } from "../oci/tar/entry.ts";
import type { Compression } from "./compress-layer.ts";
import { writeIndexedLayer, type WrittenLayer } from "./layer-writer.ts";
import { findPackageLayer, keepPackageLayer, packageLayerKey } from "./package-layer-cache.ts";

export type PackageLayersOptions = {
  readonly ctx: Pick<Context, "home">;
  readonly layout: Layout;
  readonly compression: Compression;
  readonly useCache: boolean;
  /** Layer → how many packages it holds. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Bytes of layers that may wait to be written; default 512 MiB. */
  readonly mostUnwritten?: number;
};

type OpenLayer = { missing: number; readonly archives: string[]; readonly entries: Map<string, TarEntry> };

/** Collects what packages unpacked into their layers, and writes each as soon as its last package is there: while scripts still run. */
export class PackageLayers {
  readonly #options: PackageLayersOptions;
  readonly #open = new Map<string, OpenLayer>();
  readonly #written = new Map<string, Promise<WrittenLayer>>();
  #unwritten = 0;

  constructor(options: PackageLayersOptions) {
    this.#options = options;
    for (const [name, missing] of options.sizes) this.#open.set(name, { missing, archives: [], entries: new Map() });
  }

  /** Unpacking is faster than compressing: a promise to wait for where so much is unpacked and not written that memory could run out. */
  add(name: string, archive: string, entries: readonly TarEntry[]): Promise<void> | undefined {
    const layer = this.#open.get(name);
    if (layer === undefined) return undefined;
    layer.archives.push(archive);
    for (const entry of entries) {
      // Of a folder that several packages ship the newest counts, whatever their order; a file that a later one takes over is that one's.
      const before = layer.entries.get(entry.path);
      if (entry.type === "directory" && before !== undefined && before.mtime >= entry.mtime) continue;
      layer.entries.set(entry.path, entry);
    }
    if (--layer.missing > 0) return undefined;
    this.#open.delete(name);
    const writing = this.#write(name, layer);
    this.#written.set(name, writing);
    const size = layer.entries.values().reduce((sum, entry) => sum + entry.size, 0);
    this.#unwritten += size;
    const ended = () => {
      this.#unwritten -= size;
    };
    // A failure is told by `finish`.
    const settled = writing.then(ended, ended);
    return this.#unwritten > (this.#options.mostUnwritten ?? 512 << 20) ? settled : undefined;
  }

  /** The layers, in the order asked for. */
  async finish(names: readonly string[]): Promise<readonly WrittenLayer[]> {
    return await Promise.all(names.flatMap((name) => this.#written.get(name) ?? []));
  }

  async #write(title: string, layer: OpenLayer): Promise<WrittenLayer> {
    const { ctx, layout, compression, useCache } = this.#options;
    const entries = withParents([...layer.entries.values()]);
    const key = packageLayerKey({ archives: layer.archives.toSorted(), entries, compression });
    const known = useCache ? findPackageLayer(ctx, layout, key) : undefined;
    if (known !== undefined) return { ...known, blob: { ...known.blob, title } };
    const written = await writeIndexedLayer(ctx, { layout, compression, title, entries });
    keepPackageLayer(ctx, key, written.blob);
    return written;
  }
}

/**
 * Adds folders that no package of the layer ships (dpkg's own). An engine that unpacks a layer by itself makes a missing parent as it pleases, and
 * its choice then hides what a lower layer says of that folder.
 */
function withParents(entries: readonly TarEntry[]): readonly TarEntry[] {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const mtime = entries.reduce((newest, entry) => Math.max(newest, entry.mtime), 0);
  for (const { path } of entries)
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      const folder = path.slice(0, slash);
      if (byPath.has(folder)) break;
      byPath.set(folder, folderEntry(folder, mtime));
    }
  return [...byPath.values()];
}

function folderEntry(path: string, mtime: number): TarEntry {
  const empty = { uid: 0, gid: 0, size: 0, linkname: "", xattrs: new Map(), content: Buffer.alloc(0) };
  return { ...empty, path, mtime, type: "directory", mode: 0o755 };
}
