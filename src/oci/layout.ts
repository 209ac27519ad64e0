import { chmodSync, existsSync, linkSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { temporaryPath, writeFileAtomic } from "../ground/atomic-file.ts";
import type { Context } from "../ground/context.ts";
import { IngotError, isErrno } from "../ground/error.ts";
import { canonicalJson } from "./canonical-json.ts";
import { openBlobs, type Blobs } from "./layout/blobs.ts";
import { readLayoutFile } from "./layout/read-layout-file.ts";
import { openReferences, type References } from "./layout/references.ts";
import { mediaTypes } from "./media-types.ts";
import { parseJson } from "./parse-json.ts";

/** A folder of images that every OCI tool can read (image-spec image-layout.md): blobs by digest, and names for some of them. */
export type Layout = Blobs & References & { readonly folder: string };

/** Opens the layout in `folder`, and makes an empty one where there is none. Throws `layout-unusable` for a folder that holds something else. */
export function openLayout(folder: string, options: { create?: boolean } = {}): Layout {
  const marker = join(folder, "oci-layout");
  if (existsSync(marker)) readMarker(folder);
  else if (options.create === false) throw notALayout(folder);
  else create(folder, marker);
  const blobs = openBlobs(folder);
  return { folder, ...blobs, ...openReferences(folder, blobs) };
}

/** Throws `layout-unusable` when the marker of a layout is damaged or of another version. */
export function readMarker(folder: string): void {
  const path = join(folder, "oci-layout");
  readLayoutFile(path, (content) => parseJson(content, markerSchema, path));
}

const markerSchema = z.looseObject({ imageLayoutVersion: z.literal("1.0.0") });

/** The store of this installation: where builds go and what instances are started from. */
export function openStore(context: Pick<Context, "home">): Layout {
  return openLayout(storeFolder(context));
}

export function storeFolder(context: Pick<Context, "home">): string {
  return join(context.home, "store");
}

function create(folder: string, marker: string): void {
  // Before anything is made: a folder that holds something else is left as it is.
  if (existsSync(folder) && readdirSync(folder).some((name) => !ownNames.test(name))) throw notALayout(folder);
  // Whatever the umask: who may read the store is decided by the folder that holds it.
  for (const path of [folder, join(folder, "blobs"), join(folder, "blobs/sha256")]) makePublicFolder(path);
  createIndex(folder);
  // The marker last: a folder that has it is a whole layout.
  writeFileAtomic(marker, '{"imageLayoutVersion":"1.0.0"}');
}

function makePublicFolder(path: string): void {
  if (mkdirSync(path, { recursive: true }) !== undefined) chmodSync(path, 0o755);
}

const ownNames = /^(blobs|ingest|index\.json.*|oci-layout.*)$/;

/** Another process may be creating the same layout and may have named an image already: an index that is there is never replaced. */
function createIndex(folder: string): void {
  const temporary = temporaryPath(join(folder, "index.json"));
  writeFileSync(temporary, emptyIndex);
  try {
    linkSync(temporary, join(folder, "index.json"));
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

const emptyIndex = canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [] });

function notALayout(folder: string): IngotError {
  return new IngotError("layout-unusable", `${folder} is not an OCI image layout: it has no file oci-layout`, {
    hint: "name a folder that a tool such as skopeo or umoci made, or a new one",
  });
}
