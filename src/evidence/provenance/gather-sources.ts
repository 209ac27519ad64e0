import { hash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import type { Digest } from "../../oci/digest.ts";
import { layerIndex } from "../../oci/layer/layer-index.ts";
import { readLayerFiles } from "../../oci/layer/read-layer-files.ts";
import { mergeLayers } from "../../oci/layer/tree-view.ts";
import type { Layout } from "../../oci/layout.ts";
import { layerBlobs, readImage } from "../../oci/read-image.ts";
import type { SourceMaterial } from "./provenance.ts";

/** Where files may be found that an image was built from. What a file is, its digest says; so every place is as good as the other. */
export type SourcePlaces = {
  /** Folders of the project, or copies of it. */
  readonly folders: readonly string[];
  /** As the commit has it; by the path below the project's folder. */
  readonly readCommitted: (path: string) => Promise<Buffer | undefined>;
  /** The image itself, which holds most of what it was built from. */
  readonly image: { readonly layout: Layout; readonly digest: Digest };
};

type SourceFile = Extract<SourceMaterial, { type: "file" }>;

/**
 * Writes the files of a build into an empty folder, each with the content of its digest, and returns the paths of those that only the image itself has: who
 * built it need not have had them from anywhere else. Throws `rebuild-source-missing` with every file that no place has.
 */
export async function gatherSources(
  ctx: Context,
  sources: readonly SourceMaterial[],
  { places, target }: { readonly places: SourcePlaces; readonly target: string },
): Promise<readonly string[]> {
  const missing: SourceFile[] = [];
  for (const source of sources) {
    if (source.type !== "file") continue;
    const content = findInFolders(places.folders, source) ?? (await findCommitted(places, source));
    if (content === undefined) missing.push(source);
    else place(source, target, content);
  }
  await takeFromImage(ctx, missing, { places, target });
  // Links last: nothing is ever written through one that a statement names.
  for (const type of ["directory", "symlink"] as const)
    for (const source of sources) if (source.type === type) place(source, target);
  return missing.map(({ path }) => path);
}

function findInFolders(folders: readonly string[], source: SourceFile): Buffer | undefined {
  for (const folder of folders) {
    const path = join(folder, source.path);
    // A pipe would be waited for.
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
    const content = readFileSync(path);
    if (isIt(source, content)) return content;
  }
  return undefined;
}

async function findCommitted(places: SourcePlaces, source: SourceFile): Promise<Buffer | undefined> {
  const content = await places.readCommitted(source.path);
  return content !== undefined && isIt(source, content) ? content : undefined;
}

type Gathering = { readonly places: SourcePlaces; readonly target: string };

async function takeFromImage(
  ctx: Context,
  missing: readonly SourceFile[],
  { places: { image, folders }, target }: Gathering,
): Promise<void> {
  if (missing.length === 0) return;
  const contents = await readFromImage(ctx, image, new Set(missing.map(({ sha256 }) => sha256)));
  const lost = missing.filter((source) => !contents.has(source.sha256));
  if (lost.length > 0) throw lack(lost, folders);
  for (const source of missing) place(source, target, contents.get(source.sha256));
}

/** By hex SHA-256. Read through the layers and hashed again: an index is only a cache. */
async function readFromImage(
  ctx: Context,
  { layout, digest }: SourcePlaces["image"],
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Buffer>> {
  const { manifest, config } = readImage(layout, digest);
  const layers = layerBlobs(manifest, config, digest);
  const tree = mergeLayers(await Promise.all(layers.map((layer) => layerIndex(ctx, layer))));
  const paths = [...tree.values()].flatMap(({ path, sha256 }) =>
    sha256 !== undefined && wanted.has(sha256) ? [path] : [],
  );
  const files = await readLayerFiles(ctx, { layout, layers }, paths);
  return new Map([...files.values()].map((content) => [hash("sha256", content), content]));
}

function isIt(source: SourceFile, content: Buffer): boolean {
  return hash("sha256", content) === source.sha256;
}

function place(source: SourceMaterial, target: string, content: Uint8Array = new Uint8Array()): void {
  const path = join(target, source.path);
  try {
    mkdirSync(source.type === "directory" ? path : dirname(path), { recursive: true });
    if (source.type === "symlink") symlinkSync(source.linkname, path);
    if (source.type !== "file") return;
    writeFileSync(path, content, { flag: "wx" });
    // Whatever the umask: the bit is part of what was built.
    chmodSync(path, source.isExecutable ? 0o755 : 0o644);
  } catch (cause) {
    if (!["EEXIST", "ENOTDIR", "EISDIR", "ENAMETOOLONG"].some((name) => isErrno(cause, name))) throw cause;
    throw new IngotError(
      "provenance-unusable",
      `the provenance names ${source.path}, which cannot be beside the other files that it names`,
      {
        hint: "`ingot evidence IMAGE` shows all that is attached to the image",
        cause,
      },
    );
  }
}

function lack(lost: readonly SourceFile[], folders: readonly string[]): IngotError {
  const count = lost.length === 1 ? "a file that the image was" : `${lost.length} files that the image was`;
  return new IngotError("rebuild-source-missing", `${count} built from cannot be found with the digest it had`, {
    hint: "check the commit out that the provenance names, and give its folder with --source FOLDER",
    details: [
      ...lost.slice(0, 20).map(({ path, sha256 }) => `${path} (sha256 ${sha256})`),
      `looked in ${[...folders, "the Git commit", "the image itself"].join(", ")}`,
    ],
  });
}
