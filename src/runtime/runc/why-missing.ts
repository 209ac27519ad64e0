import { closeSync, openSync, readSync, type Stats } from "node:fs";
import { join } from "node:path";
import { resolveInside, statInside } from "../content/look-inside.ts";
import { hostIdOf, type Placement } from "../profile/placement.ts";
import type { InstanceSpec } from "../runtime.ts";

/**
 * Why an instance's program cannot be started: the image's fault. runc would say so as well, but in words that it also has for faults of the host, and of what the kernel does
 * not execute with the exit code 1, for which a test may have asked.
 */
export function whyMissing(
  spec: Pick<InstanceSpec, "command" | "environment" | "workdir" | "user">,
  place: Pick<Placement, "rootfs" | "firstId">,
): string | undefined {
  const { command, environment, workdir, user } = spec;
  const { rootfs } = place;
  const [program = ""] = command;
  const owner = hostIdOf(place, user);
  if (program.includes("/")) {
    const path = program.startsWith("/") ? program : `${workdir}/${program}`;
    const stats = statInside(rootfs, path);
    if (stats === undefined) return `the image has no ${program}`;
    if (!stats.isFile() || (stats.mode & 0o111) === 0) return `${program} of the image is not a program`;
    if (!isExecutable(stats, owner)) return `${program} may not be executed by ${user.uid}:${user.gid}`;
    return whyUnfit(rootfs, path);
  }
  const folders = (environment.PATH ?? "").split(":").filter(Boolean);
  const found = folders
    .map((folder) => `${folder}/${program}`)
    .find((path) => {
      const stats = statInside(rootfs, path);
      return stats?.isFile() === true && isExecutable(stats, owner);
    });
  if (found !== undefined) return whyUnfit(rootfs, found);
  return `the image has no program ${program} in ${folders.join(", ")}`;
}

/** As the kernel decides for one without any capability, also for user 0 (path_resolution(7), "Permissions"). */
function isExecutable(file: Stats, owner: { readonly uid: number; readonly gid: number }): boolean {
  if (file.uid === owner.uid) return (file.mode & 0o100) !== 0;
  return (file.mode & (file.gid === owner.gid ? 0o010 : 0o001)) !== 0;
}

/** Neither ELF nor a script (execve(2)), or a script for a program that is not there. */
function whyUnfit(rootfs: string, path: string): string | undefined {
  const start = readStart(rootfs, path);
  if (start.startsWith("\u007fELF")) return undefined;
  const interpreter = /^#![ \t]*([^\s]+)/.exec(start)?.[1];
  if (interpreter === undefined) return `${path} of the image is neither an ELF program nor a script`;
  return statInside(rootfs, interpreter) === undefined
    ? `${path} is a script for ${interpreter}, which the image lacks`
    : undefined;
}

/** As much as the kernel reads of it. */
function readStart(rootfs: string, path: string): string {
  const real = resolveInside(rootfs, path);
  if (real === undefined) return "";
  const file = openSync(join(rootfs, real), "r");
  try {
    const buffer = Buffer.alloc(256);
    return buffer.toString("latin1", 0, readSync(file, buffer));
  } finally {
    closeSync(file);
  }
}
