import { existsSync, readFileSync, rmdirSync } from "node:fs";
import { IngotError } from "../../ground/error.ts";
import { mount, mountFlags, SystemCallError, unmount } from "../../ground/libc.ts";
import { runCommand } from "../../ground/run-command.ts";
import { mountsAt, type MountEntry } from "../mount-table.ts";

/** Whether `target` is a mount of that very file; after a restart of the host the folder is there, the mount is not. */
export function isContentMounted(target: string, file: string): boolean {
  const entry = mountsAt(target).at(-1);
  return entry?.type === "erofs" && sourceFileOf(entry) === file;
}

/**
 * Mounts an EROFS file read-only. Straight from the file where the kernel can (Linux 6.12, on a disk file system); through a loop device
 * elsewhere, such as on tmpfs. Throws `content-not-mountable`.
 */
export async function mountContentFile(file: string, target: string): Promise<void> {
  try {
    mount(file, target, { type: "erofs", flags: mountFlags.readOnly | mountFlags.noSuid | mountFlags.noDev });
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    if (error.code !== "ENOTBLK") throw notMountable(file, error);
    await mountByLoop(file, target);
  }
}

async function mountByLoop(file: string, target: string): Promise<void> {
  const args = ["-t", "erofs", "-o", "loop,ro,nosuid,nodev", file, target];
  try {
    await runCommand("mount", args, { package: "mount" });
  } catch (error) {
    throw notMountable(file, error);
  }
}

/** Removes the mount, and the folder under it. Instances keep their own mounts of the same content. */
export function unmountContent(target: string): void {
  for (const mounted of mountsAt(target)) unmount(mounted.target, { detach: true });
  if (existsSync(target)) rmdirSync(target);
}

function sourceFileOf(entry: MountEntry): string {
  const loop = /^\/dev\/(loop\d+)$/.exec(entry.source)?.[1];
  if (loop === undefined) return entry.source;
  return readFileSync(`/sys/block/${loop}/loop/backing_file`, "utf8").trimEnd();
}

function notMountable(file: string, cause: unknown): IngotError {
  return new IngotError("content-not-mountable", `the content ${file} could not be mounted as EROFS`, {
    hint: "instances need root and a kernel with EROFS (CONFIG_EROFS_FS); see dmesg for what the kernel says",
    cause,
    details: [cause instanceof Error ? cause.message : String(cause)],
  });
}
