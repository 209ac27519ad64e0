import type { Package } from "../debian/package.ts";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { present } from "../ground/present.ts";
import { openStore } from "../oci/layout.ts";
import type { ImageDefinition } from "../project/definition.ts";
import { layerBlobs, readImage } from "../oci/read-image.ts";
import type { LockedImage, LockRequest } from "./lock-project.ts";
import type { ImageLock, LockedBase } from "./lock.ts";
import { findDigest, pullBase } from "./pull-base.ts";
import { readInstalled } from "../debian/read-installed.ts";
import { readLayerFiles } from "../oci/layer/read-layer-files.ts";

/** What an image stands on, pinned. */
export type LockedBaseImage = {
  readonly locked: LockedBase;
  readonly installed: readonly Package[];
  /** `bookworm`; undefined where the base is not Debian. */
  readonly release: string | undefined;
};

export type LockBaseInput = Omit<LockRequest, "former"> & {
  readonly definition: ImageDefinition;
  readonly former: ImageLock | undefined;
  readonly locked: ReadonlyMap<string, LockedImage>;
};

/** Pins the base of an image. A registry is asked for a tag's digest only when the lock has none yet, or all may be updated. */
export async function lockBase(ctx: Context, input: LockBaseInput): Promise<LockedBaseImage> {
  const { base } = input.definition;
  switch (base.kind) {
    case "debian":
      return { locked: base, installed: [], release: base.suite };
    case "image": {
      const parent = present(input.locked.get(base.name), `the lock of the image "${base.name}"`);
      return { locked: base, installed: parent.installed, release: parent.release };
    }
    case "oci":
      return lockRegistryBase(ctx, input, base.reference);
  }
}

async function lockRegistryBase(ctx: Context, input: LockBaseInput, reference: string): Promise<LockedBaseImage> {
  const before = input.former?.base;
  const isKept = before?.kind === "oci" && before.reference === reference && !mayMove(input);
  const digest = isKept ? before.digest : await findDigest(ctx, reference);
  const locked: LockedBase = { kind: "oci", reference, digest };
  // What it has installed only matters for packages on top.
  if (input.definition.packages.length === 0) return { locked, installed: [], release: undefined };
  const layout = openStore(ctx);
  await pullBase(ctx, layout, locked);
  const { manifest, config } = readImage(layout, digest);
  const image = { layout, layers: layerBlobs(manifest, config, reference) };
  const files = await readLayerFiles(ctx, image, ["usr/lib/os-release", "etc/os-release"]);
  const osRelease = files.get("etc/os-release") ?? files.get("usr/lib/os-release");
  return { locked, installed: await readInstalled(ctx, image), release: codename(osRelease?.toString()) };
}

/** The security suite has packages, not images: an update to it leaves a base of a registry where it is. */
function mayMove({ update, security }: LockBaseInput): boolean {
  return update === "all" && security !== "only";
}

/** `VERSION_CODENAME` of os-release(5), where the distribution is Debian. */
function codename(osRelease: string | undefined): string | undefined {
  const value = (key: string) => new RegExp(`^${key}="?([^"\\n]*)"?$`, "m").exec(osRelease ?? "")?.[1];
  if (osRelease === undefined || value("ID") !== "debian") return undefined;
  const name = value("VERSION_CODENAME");
  if (name) return name;
  throw new IngotError(
    "base-not-debian",
    "the base calls itself Debian, but its /etc/os-release has no VERSION_CODENAME",
  );
}
