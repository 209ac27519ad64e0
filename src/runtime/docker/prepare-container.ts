import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import { IngotError } from "../../ground/error.ts";
import { writeFiles, writeSecrets } from "../given-files.ts";
import { placeInstance } from "../place-instance.ts";
import type { Placement } from "../profile/placement.ts";
import { seccompProfile } from "../profile/seccomp.ts";
import type { InstanceSpec, Secret } from "../runtime.ts";
import { whyMissing } from "../runc/why-missing.ts";
import type { Daemon } from "./daemon.ts";
import { useDaemonImage, type DaemonImage } from "./daemon-image.ts";
import { warnOfIds, type Engine } from "./engine.ts";
import { viewImage } from "./image-view.ts";
import { makeTmpfsFolders, sealFolders } from "./sealed-folders.ts";

export type Prepared = {
  readonly daemon: Daemon;
  readonly found: DaemonImage;
  readonly place: Placement;
  readonly tmpfsFolders: readonly string[];
  /** Why the image's command cannot be executed. */
  readonly missing: string | undefined;
};

/** All that a container needs before there is one. Throws `image-not-runnable`, `file-not-mountable`. */
export async function prepareContainer(
  engine: Engine,
  spec: InstanceSpec,
  secrets: readonly Secret[],
): Promise<Prepared> {
  const { ctx, paths, options } = engine;
  const daemon = await engine.daemon();
  warnOfIds(ctx, daemon);
  const found = await useDaemonImage(ctx, daemon, spec.image, options.registry);
  const looked = await viewImage(ctx, { image: spec.image, found, paths }, (content) => {
    const placed = placeInstance(spec, { content, paths, firstId: 0, secrets: secrets.map(({ path }) => path) });
    return { placed, missing: whyMissing(spec, { ...placed, rootfs: content }) };
  });
  const own = { ...looked.placed, firstId: daemon.firstId, hasSwapLimit: daemon.hasSwapLimit };
  const place = writeSecrets(writeFiles(own, spec.files ?? []), secrets, spec.user);
  sealFolders(place.folder);
  const tmpfsFolders = daemon.kind === "podman" ? makeTmpfsFolders(place) : [];
  if (daemon.kind === "podman")
    writeFileAtomic(paths.seccomp, JSON.stringify(seccompProfile()), { mode: 0o644, durable: false });
  return { daemon, found, place, tmpfsFolders, missing: looked.missing };
}

/** Throws `instance-start-failed` for an id that is taken. */
export function makeFolders({ paths }: Engine, { id }: InstanceSpec): void {
  if (existsSync(paths.instance(id)) || existsSync(paths.bundle(id))) {
    throw new IngotError("instance-start-failed", `an instance ${id} exists already`, { hint: `ingot stop ${id}` });
  }
  for (const folder of [dirname(paths.run), paths.run, paths.bundles, paths.bundle(id)]) {
    mkdirSync(folder, { recursive: true });
    // Where the daemon has a user namespace it passes through, whatever the umask was.
    chmodSync(folder, 0o711);
  }
  mkdirSync(paths.instance(id), { recursive: true, mode: 0o700 });
}
