import { formatMode } from "../ground/format-mode.ts";
import type { LayerIndexEntry } from "../oci/layer/layer-index.ts";
import type { TreeView } from "../oci/layer/tree-view.ts";

/** What a comparison needs of one image. */
export type ComparedImage = {
  readonly digest: string;
  /** The merged tree of its layers. */
  readonly tree: TreeView;
  /** Name → version, from dpkg's status; empty where the image is not Debian. */
  readonly packages: ReadonlyMap<string, string>;
  /** The `config` member of the image configuration, and of the top level what a person cares for. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Compressed bytes of each layer by digest. */
  readonly layers: ReadonlyMap<string, number>;
};

export type FileChange = {
  readonly path: string;
  readonly change: "added" | "removed" | "changed";
  /** Which properties differ, as `mode 0644 → 0755`; empty for added and removed. */
  readonly what: readonly string[];
};

export type ImageDiff = {
  readonly from: string;
  readonly to: string;
  readonly packages: {
    readonly added: readonly { readonly name: string; readonly version: string }[];
    readonly removed: readonly { readonly name: string; readonly version: string }[];
    readonly changed: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  };
  readonly files: readonly FileChange[];
  readonly config: readonly { readonly key: string; readonly from: unknown; readonly to: unknown }[];
  readonly size: {
    readonly from: number;
    readonly to: number;
    /** Compressed bytes of layers that only the second image has: what an update sends. */
    readonly sent: number;
  };
};

/** Compares two images by what an instance would see; times of files are left out. Pure. */
export function diffImages(from: ComparedImage, to: ComparedImage): ImageDiff {
  return {
    from: from.digest,
    to: to.digest,
    packages: diffPackages(from.packages, to.packages),
    files: diffFiles(from.tree, to.tree),
    config: diffConfig(from.config, to.config),
    size: {
      from: total(from.layers.values()),
      to: total(to.layers.values()),
      sent: total([...to.layers].filter(([digest]) => !from.layers.has(digest)).map(([, size]) => size)),
    },
  };
}

/** Whether two images are the same to an instance. */
export function isSameImage(diff: ImageDiff): boolean {
  const { added, removed, changed } = diff.packages;
  return added.length + removed.length + changed.length + diff.files.length + diff.config.length === 0;
}

function total(sizes: Iterable<number>): number {
  return [...sizes].reduce((sum, size) => sum + size, 0);
}

function diffPackages(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): ImageDiff["packages"] {
  const sorted = (map: ReadonlyMap<string, string>) => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    added: sorted(to).flatMap(([name, version]) => (from.has(name) ? [] : [{ name, version }])),
    removed: sorted(from).flatMap(([name, version]) => (to.has(name) ? [] : [{ name, version }])),
    changed: sorted(to).flatMap(([name, version]) => {
      const before = from.get(name);
      return before === undefined || before === version ? [] : [{ name, from: before, to: version }];
    }),
  };
}

function diffFiles(from: TreeView, to: TreeView): readonly FileChange[] {
  const changes: FileChange[] = [];
  for (const path of new Set([...from.keys(), ...to.keys()])) {
    const [before, after] = [from.get(path), to.get(path)];
    if (!before) changes.push({ path: `/${path}`, change: "added", what: [] });
    else if (!after) changes.push({ path: `/${path}`, change: "removed", what: [] });
    else {
      const what = diffEntry(before, after);
      if (what.length > 0) changes.push({ path: `/${path}`, change: "changed", what });
    }
  }
  return changes.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function diffEntry(a: LayerIndexEntry, b: LayerIndexEntry): readonly string[] {
  if (a.type !== b.type) return [`type ${a.type} → ${b.type}`];
  return [
    ...(a.sha256 === b.sha256 ? [] : [`content ${a.size} → ${b.size} bytes`]),
    ...(a.mode === b.mode || a.type === "symlink" ? [] : [`mode ${formatMode(a.mode)} → ${formatMode(b.mode)}`]),
    ...(a.uid === b.uid && a.gid === b.gid ? [] : [`owner ${a.uid}:${a.gid} → ${b.uid}:${b.gid}`]),
    ...(a.linkname === b.linkname ? [] : [`link ${a.linkname} → ${b.linkname}`]),
    ...(JSON.stringify(a.xattrs ?? {}) === JSON.stringify(b.xattrs ?? {}) ? [] : ["extended attributes"]),
  ];
}

function diffConfig(
  from: Readonly<Record<string, unknown>>,
  to: Readonly<Record<string, unknown>>,
): ImageDiff["config"] {
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].toSorted();
  return keys
    .filter((key) => JSON.stringify(from[key]) !== JSON.stringify(to[key]))
    .map((key) => ({ key, from: from[key] ?? null, to: to[key] ?? null }));
}
