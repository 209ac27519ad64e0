import { basename, dirname, join } from "node:path";
import { IngotError } from "../ground/error.ts";
import type { Digest } from "../oci/digest.ts";
import { resolveInside, statInside } from "./content/look-inside.ts";
import type { FilePlacement, TmpfsPlacement } from "./profile/placement.ts";
import { identityFiles } from "./profile/settings.ts";
import { isMountable } from "./writable.ts";

/** Their paths, as the configuration has them. */
export type GivenPaths = { readonly files: readonly string[]; readonly secrets: readonly string[] };

type Where = {
  /** Where the image's content is mounted. */
  readonly content: string;
  readonly tmpfs: readonly TmpfsPlacement[];
  /** The instance's own on the host. */
  readonly folder: string;
  readonly image: Digest;
};

/** Decides where each file of the configuration is mounted. Throws `file-not-mountable`. */
export function placeFiles({ files, secrets }: GivenPaths, where: Where): readonly FilePlacement[] {
  const placed = [
    ...files.map((path, index) => place("file", { path, index }, where)),
    ...secrets.map((path, index) => place("secret", { path, index }, where)),
  ];
  for (const { path } of placed) {
    const others = placed.filter((other) => other.path === path || other.path.startsWith(`${path}/`));
    if (others.length > 1) throw notMountable(path, "is given more than once, or is the folder of another");
  }
  return placed;
}

function place(
  kind: FilePlacement["kind"],
  { path, index }: { readonly path: string; readonly index: number },
  { content, tmpfs, folder, image }: Where,
): FilePlacement {
  if (!isMountable(path)) throw notMountable(path, "is no plain path outside of /proc, /sys and /dev");
  const real = realPath(content, path);
  const source = join(folder, `${kind}s`, String(index));
  if (!isMountable(real)) throw notMountable(path, `leads to ${real}`);
  if (identityFiles.some((own) => own === real)) throw notMountable(path, "is what tells the instance who it is");
  if (tmpfs.some((entry) => entry.path === real || entry.path.startsWith(`${real}/`)))
    throw notMountable(path, "is a writable folder, or holds one");
  const isBelow = tmpfs.some((entry) => real.startsWith(`${entry.path}/`));
  if (isBelow || statInside(content, real)?.isFile() === true) return { kind, path: real, source };
  throw notMountable(path, `is no file of the image ${image}, and in none of its writable folders`);
}

/** Links of the image are followed as far as it has them: `/var/run/x` is `/run/x`. A link that is followed while it is mounted would lead to another place than the one that is verified. */
function realPath(content: string, path: string): string {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    const real = resolveInside(content, at);
    if (real !== undefined) return join(real, ...missing);
    missing.unshift(basename(at));
  }
}

function notMountable(path: string, why: string): IngotError {
  return new IngotError("file-not-mountable", `nothing can be mounted at ${JSON.stringify(path)}: it ${why}`, {
    hint: "put an empty file there into the image, or choose a path below one of its `writable` folders",
  });
}
