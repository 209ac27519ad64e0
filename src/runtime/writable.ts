import { jsonOrUndefined } from "../ground/json-or-undefined.ts";
import { z } from "zod";
import { IngotError } from "../ground/error.ts";
import type { Digest } from "../oci/digest.ts";
import type { ImageConfig } from "../oci/image-config.ts";
import { writableLabel } from "../oci/labels.ts";

export type Writable = { readonly path: string; readonly size: number };

const absolute = z.string().regex(/^\/[^\0]+$/);
const schema = z.array(z.object({ path: absolute, size: z.int().min(4096) }).readonly()).readonly();

/**
 * What an image that Ingot did not cast may write: the two places that nearly every program expects. Its own volumes stay read-only, since what they are for is not known;
 * an image that needs more is cast again on top of it, with `writable`.
 */
const foreign: readonly Writable[] = [
  { path: "/tmp", size: 64 * 1024 * 1024 },
  { path: "/run", size: 16 * 1024 * 1024 },
];

/** The tmpfs mounts of an image's instances. Throws `image-not-runnable` for a label that cannot be read. */
export function writableOf(image: Digest, config: ImageConfig): readonly Writable[] {
  const label = config.config?.Labels?.[writableLabel];
  if (label === undefined) return foreign;
  const parsed = schema.safeParse(jsonOrUndefined(label));
  if (parsed.success && parsed.data.every(({ path }) => isMountable(path))) return parsed.data;
  throw new IngotError("image-not-runnable", `the label ${writableLabel} of ${image} cannot be read: ${label}`, {
    hint: 'expected JSON such as [{"path": "/run", "size": 1048576}], paths without "." and ".."',
  });
}

/** Never a place that the profile mounts itself: another mount there would undo it. */
export function isMountable(path: string): boolean {
  const [first, ...names] = path.split("/");
  if (first !== "" || names.length === 0) return false;
  const isSystem = ["proc", "sys", "dev"].includes(names[0] ?? "");
  return !isSystem && names.every((name) => name !== "" && name !== "." && name !== "..");
}
