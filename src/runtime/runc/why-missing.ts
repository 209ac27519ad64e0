import type { Stats } from "node:fs";
import { statInside } from "../content/look-inside.ts";
import { hostIdOf, type Placement } from "../profile/placement.ts";
import type { InstanceSpec } from "../runtime.ts";

/** Why an instance's program cannot be started: the image's fault. runc would say so as well, but in words that it also has for faults of the host. */
export function whyMissing(spec: InstanceSpec, place: Placement): string | undefined {
  const { command, environment, workdir, user } = spec;
  const { rootfs } = place;
  const [program = ""] = command;
  const owner = hostIdOf(place, user);
  if (program.includes("/")) {
    const path = program.startsWith("/") ? program : `${workdir}/${program}`;
    const stats = statInside(rootfs, path);
    if (stats === undefined) return `the image has no ${program}`;
    if (!stats.isFile() || (stats.mode & 0o111) === 0) return `${program} of the image is not a program`;
    return isExecutable(stats, owner) ? undefined : `${program} may not be executed by ${user.uid}:${user.gid}`;
  }
  const folders = (environment.PATH ?? "").split(":").filter(Boolean);
  const found = folders.map((folder) => statInside(rootfs, `${folder}/${program}`));
  if (found.some((stats) => stats?.isFile() === true && isExecutable(stats, owner))) return undefined;
  return `the image has no program ${program} in ${folders.join(", ")}`;
}

/** As the kernel decides for one without any capability, also for user 0 (path_resolution(7), "Permissions"). */
function isExecutable(file: Stats, owner: { readonly uid: number; readonly gid: number }): boolean {
  if (file.uid === owner.uid) return (file.mode & 0o100) !== 0;
  return (file.mode & (file.gid === owner.gid ? 0o010 : 0o001)) !== 0;
}
