import { closeSync, existsSync, mkdirSync, rmdirSync } from "node:fs";
import { IngotError } from "../../ground/error.ts";
import { mountFlags, mountIdMapped, SystemCallError, unmount } from "../../ground/libc.ts";
import { openUserNamespace } from "../../ground/new-namespace.ts";
import { mountsAt } from "../mount-table.ts";
import { idRangeSize } from "../profile/settings.ts";

/**
 * Mounts an image's content once more for one instance, with the owners shifted to the instance's own ids. Shifting while the content is written
 * would cost nothing less and give all instances of the host the same ids: then one that got out of its namespaces would own the others' processes.
 * The mount is a view: pages and files are those of the shared content. Throws `content-not-mountable`.
 */
export function mountRootfs(content: string, target: string, firstId: number): void {
  mkdirSync(target, { recursive: true });
  const flags = mountFlags.readOnly | mountFlags.noSuid | mountFlags.noDev;
  try {
    withUserNamespace(firstId, (userNamespace) => mountIdMapped(content, target, { userNamespace, flags }));
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    throw new IngotError(
      "content-not-mountable",
      `the content could not be mounted for ids from ${firstId}: ${error.message}`,
      {
        hint: "instances need Linux 5.19 or newer, which can shift the owners of an EROFS mount",
        cause: error,
      },
    );
  }
}

export function unmountRootfs(target: string): void {
  if (!existsSync(target)) return;
  for (const mounted of mountsAt(target)) unmount(mounted.target, { detach: true });
  rmdirSync(target);
}

/** A mapping can only be given to the kernel as a user namespace that has it; the mount keeps what it needs of it. */
function withUserNamespace(firstId: number, use: (userNamespace: number) => void): void {
  const userNamespace = openMapping(firstId);
  try {
    use(userNamespace);
  } finally {
    closeSync(userNamespace);
  }
}

function openMapping(firstId: number): number {
  try {
    return openUserNamespace(`0 ${firstId} ${idRangeSize}`);
  } catch (cause) {
    throw new IngotError("runtime-unsupported", "this host makes no user namespaces", {
      hint: "see /proc/sys/user/max_user_namespaces",
      cause,
    });
  }
}
