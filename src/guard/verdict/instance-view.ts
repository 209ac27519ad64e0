import { posix } from "node:path";
import type { ImageFile, ImageFiles } from "../content/image-files.ts";

/** What a verdict may ask of an instance. */
export type InstanceView = {
  readonly image: ImageFiles;
  /** Where something else than the image is mounted: `/tmp`, `/proc`, `/etc/hosts`. */
  readonly covered: readonly string[];
  /** Whether the kernel executes and maps no code but the image's: every folder that can be written to is `noexec`, and was when it started. */
  readonly isSealed: boolean;
};

/** The file of the image that an absolute path of the instance means; undefined where the image has none, or where something is mounted over it. */
export function imageFileAt(view: InstanceView, path: string): ImageFile | undefined {
  const entry = imageEntryAt(view, path);
  return entry?.kind === "file" ? entry : undefined;
}

/** The same for a file or a folder. */
export function imageEntryAt(view: InstanceView, path: string): ImageFile | undefined {
  if (!path.startsWith("/")) return undefined;
  // Attack: `/usr/bin/../../tmp/x` and links of a writable folder: nothing on the way may leave the image either.
  const plain = posix.normalize(path);
  if (isCovered(view, path) || isCovered(view, plain)) return undefined;
  const file = view.image.find(path);
  return file === undefined || isCovered(view, file.path) ? undefined : file;
}

export function isCovered({ covered }: InstanceView, path: string): boolean {
  return covered.some((target) => path === target || path.startsWith(`${target}/`));
}
