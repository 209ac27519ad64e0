import { join } from "node:path";
import type { Controller } from "../controller.ts";
import { openAccess, type Access } from "./access.ts";
import { openLinks, type Links } from "./links.ts";
import { openManifestBytes, type ManifestBytes } from "./manifest-bytes.ts";
import { openQueue, type OneAtATime } from "./one-at-a-time.ts";
import { openRecentPulls, type RecentPulls } from "./recent-pulls.ts";
import { openUploads, type Uploads } from "./uploads.ts";

/** What the registry's verbs work with. */
export type Registry = {
  readonly controller: Controller;
  readonly access: Access;
  readonly links: Links;
  readonly manifests: ManifestBytes;
  readonly recent: RecentPulls;
  readonly uploads: Uploads;
  /** Deletions and the collection of garbage, one after the other. */
  readonly takeAway: OneAtATime;
  readonly close: () => Promise<void>;
};

/** Opens the registry of a controller; by `registryOf`, once. Uploads that a crash cut off go on where they were. */
export function openRegistry(controller: Controller): Registry {
  const folder = registryFolder(controller.ctx.home);
  const access = openAccess(controller);
  const links = openLinks(join(folder, "links"));
  const uploads = openUploads(controller, { folder: join(folder, "uploads"), links });
  const close = async (): Promise<void> => {
    access.close();
    await uploads.close();
  };
  return {
    controller,
    access,
    links,
    manifests: openManifestBytes(controller.store),
    recent: openRecentPulls(),
    uploads,
    takeAway: openQueue(),
    close,
  };
}

/** `$INGOT_HOME/registry`. */
export function registryFolder(home: string): string {
  return join(home, "registry");
}
