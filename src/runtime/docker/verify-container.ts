import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { idRangeSize, openFiles } from "../profile/settings.ts";
import type { InstanceSpec } from "../runtime.ts";
import { cgroupSettings } from "../verify/cgroup-settings.ts";
import { confinementSettings } from "../verify/process-settings.ts";
import type { Setting } from "../verify/setting.ts";
import { assertHardened } from "../verify/verify.ts";
import { containerMounts, type Contained } from "./container-mounts.ts";
import type { Daemon } from "./daemon.ts";

export type Verified = Contained & { readonly daemon: Daemon };

/** Reads every setting of a container back from the living process, as for one of runc's; what an engine cannot do is expected as such, by name. Throws `instance-not-hardened`. */
export function assertContainerHardened(spec: InstanceSpec, verified: Verified): void {
  assertHardened(spec, containerSettings(spec, verified));
}

export function containerSettings(spec: InstanceSpec, verified: Verified): Setting[] {
  const { pid, place, daemon } = verified;
  return [
    ...confinementSettings(pid, spec, place).map((setting) => ownGroupOnly(setting, place.firstId + spec.user.gid)),
    ...namespaceSettings(verified),
    ...limitSettings(verified),
    ...containerMounts(verified),
    ...cgroupSettings(pid, spec, place)
      .filter(({ name }) => name !== "devices" || daemon.kind === "docker")
      .map(withoutConsole),
  ];
}

/** Engines name the process's own group once more among the supplementary ones (CVE-2022-36109): that gives it nothing. */
function ownGroupOnly(setting: Setting, gid: number): Setting {
  if (setting.name !== "supplementary groups" || setting.actual !== String(gid)) return setting;
  return { ...setting, actual: "" };
}

/** Docker's rules name the console too; there is no node of it, and none can be made without a capability. */
function withoutConsole(setting: Setting): Setting {
  return setting.name === "devices" && setting.actual === "c 5:1 rwm"
    ? { ...setting, actual: setting.expected }
    : setting;
}

const namespaces = { pid: "pid", network: "net", ipc: "ipc", uts: "uts", mount: "mnt", cgroup: "cgroup" } as const;

function namespaceSettings({ pid, daemon, place }: Verified): Setting[] {
  const all = Object.entries(daemon.hasUserNamespace ? { ...namespaces, user: "user" } : namespaces);
  // podman makes none on version 1; what it would hide is hidden with all of /sys.
  const isWithout = daemon.kind === "podman" && !existsSync("/sys/fs/cgroup/cgroup.controllers");
  const wanted = all.filter(([kind]) => !(isWithout && kind === "cgroup"));
  const own = wanted.map(([kind, link]) => {
    const isHosts = readlinkSync(`/proc/${pid}/ns/${link}`) === readlinkSync(`/proc/self/ns/${link}`);
    return { name: `${kind} namespace`, expected: "its own", actual: isHosts ? "the host's" : "its own" };
  });
  if (!daemon.hasUserNamespace) return own;
  const actual = words(readFileSync(`/proc/${pid}/uid_map`, "utf8"));
  return [...own, { name: "uid map", expected: `0 ${place.firstId} ${idRangeSize}`, actual }];
}

function limitSettings({ pid, place }: Verified): Setting[] {
  const lines = readFileSync(`/proc/${pid}/limits`, "utf8").split("\n");
  const read = (name: string): string =>
    words(lines.find((line) => line.startsWith(name))?.slice(name.length) ?? "")
      .split(" ")
      .slice(0, 2)
      .join(" ");
  const files = Math.min(openFiles, place.mostOpenFiles);
  return [
    { name: "core dump size", expected: "0 0", actual: read("Max core file size") },
    { name: "open files", expected: `${files} ${files}`, actual: read("Max open files") },
  ];
}

function words(text: string): string {
  return text.trim().split(/\s+/).join(" ");
}
