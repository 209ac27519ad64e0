import type { ImageConfig } from "../../oci/image-config.ts";
import type { LayerIndexEntry } from "../../oci/layer/layer-index.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { LintSubject } from "./lint.ts";

type File = Partial<LayerIndexEntry> & { readonly path: string; readonly content?: string; readonly owner?: string };

/** An image for lints, of these files; folders above them are there. */
export function subjectOf(
  files: readonly File[],
  facts: Partial<LintSubject> & { readonly run?: ImageConfig["config"] } = {},
): LintSubject {
  const entries = files.map(({ content, owner: _owner, ...file }) => ({
    ...entryOf(file.path),
    size: content?.length ?? 0,
    ...file,
  }));
  const folders = files
    .flatMap(({ path }) => parents(path))
    .map((path) => ({ ...entryOf(path), type: "directory" as const, mode: 0o755 }));
  const { run, ...rest } = facts;
  const owners = new Map(files.map(({ path, owner }) => [path, owner]));
  return {
    tree: new Map([...folders, ...entries].map((entry) => [entry.path, entry])),
    inventory: inventoryOf(
      files.filter(({ owner }) => owner === undefined).map((file) => ({ ...entryOf(file.path), ...file })),
    ),
    config: { architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] }, config: run ?? {} },
    ownerOf: (path) => owners.get(path),
    contents: new Map(
      files.flatMap(({ path, content }) => (content === undefined ? [] : [[path, Buffer.from(content)] as const])),
    ),
    writable: [],
    without: [],
    ...rest,
  };
}

function entryOf(path: string): LayerIndexEntry {
  return { path, type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0, linkname: "" };
}

function parents(path: string): readonly string[] {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? [] : [...parents(path.slice(0, slash)), path.slice(0, slash)];
}

function inventoryOf(unowned: Inventory["unowned"]): Inventory {
  return {
    image: `sha256:${"0".repeat(64)}` as Inventory["image"],
    architecture: "amd64",
    debian: [],
    language: [],
    unowned,
    notes: [],
  };
}
