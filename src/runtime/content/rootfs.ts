import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readlinkSync, rmdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { IngotError } from "../../ground/error.ts";
import { mountFlags, mountIdMapped, SystemCallError, unmount } from "../../ground/libc.ts";
import { readMounts } from "../mount-table.ts";
import { idRangeSize } from "../profile/settings.ts";

/**
 * Mounts an image's content once more for one instance, with the owners shifted to the instance's own ids. Shifting while the content is written
 * would cost nothing less and give all instances of the host the same ids: then one that got out of its namespaces would own the others' processes.
 * The mount is a view: pages and files are those of the shared content. Throws `content-not-mountable`.
 */
export async function mountRootfs(content: string, target: string, firstId: number): Promise<void> {
  mkdirSync(target, { recursive: true });
  const flags = mountFlags.readOnly | mountFlags.noSuid | mountFlags.noDev;
  try {
    await withUserNamespace(firstId, (userNamespace) => mountIdMapped(content, target, { userNamespace, flags }));
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
  while (readMounts().some((mounted) => mounted.target === target)) unmount(target, { detach: true });
  rmdirSync(target);
}

/** A mapping can only be given to the kernel as a user namespace that has it: one is made for the moment, in a process that does nothing. */
async function withUserNamespace(firstId: number, use: (userNamespace: number) => void): Promise<void> {
  const child = spawn("unshare", ["--user", "cat"], { stdio: ["pipe", "ignore", "ignore"] });
  const exited = once(child, "exit");
  try {
    const { pid } = child;
    // Without a process, waiting for its end throws what kept it from starting.
    if (pid === undefined) return void (await exited);
    await untilUnshared(pid);
    const map = `0 ${firstId} ${idRangeSize}`;
    writeFileSync(`/proc/${pid}/uid_map`, map);
    writeFileSync(`/proc/${pid}/gid_map`, map);
    const userNamespace = openSync(`/proc/${pid}/ns/user`, "r");
    try {
      use(userNamespace);
    } finally {
      closeSync(userNamespace);
    }
  } finally {
    child.stdin.destroy();
    child.kill("SIGKILL");
    await exited.catch(() => {});
  }
}

async function untilUnshared(pid: number): Promise<void> {
  const own = readlinkSync("/proc/self/ns/user");
  const deadline = Date.now() + 5000;
  while (readlinkSync(`/proc/${pid}/ns/user`) === own) {
    if (Date.now() > deadline) {
      throw new IngotError("runtime-unsupported", "this host makes no user namespaces", {
        hint: "see /proc/sys/user/max_user_namespaces",
      });
    }
    await sleep(1);
  }
}
