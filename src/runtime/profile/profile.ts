import { basename, join } from "node:path";
import type { InstanceSpec } from "../runtime.ts";
import type { OciMount, OciSpec } from "./oci-spec.ts";
import type { Placement, TmpfsPlacement } from "./placement.ts";
import { seccompProfile } from "./seccomp.ts";
import {
  cpuPeriod,
  deviceFolderSize,
  idRangeSize,
  maskedPaths,
  namespaces,
  openFiles,
  readOnlyPaths,
  sharedMemorySize,
} from "./settings.ts";

/** The OCI runtime configuration of an instance. Pure; `docs/runtime.md` names the attack that each setting stops. */
export function ociSpec(spec: InstanceSpec, place: Placement): OciSpec {
  return {
    ociVersion: "1.0.2",
    hostname: spec.id,
    root: { path: place.rootfs, readonly: true },
    process: processOf(spec, place),
    mounts: mountsOf(place),
    linux: {
      namespaces: namespaces.map((type) => (type === "network" ? { type, path: place.networkNamespace } : { type })),
      uidMappings: [{ containerID: 0, hostID: place.firstId, size: idRangeSize }],
      gidMappings: [{ containerID: 0, hostID: place.firstId, size: idRangeSize }],
      devices: [],
      cgroupsPath: place.cgroup,
      resources: resourcesOf(spec, place),
      seccomp: seccompProfile(),
      maskedPaths,
      readonlyPaths: readOnlyPaths,
      rootfsPropagation: "private",
    },
  };
}

function processOf(spec: InstanceSpec, place: Placement): OciSpec["process"] {
  const files = Math.min(openFiles, place.mostOpenFiles);
  return {
    // No terminal: typing into an instance would be an edit, and TIOCSTI has no target.
    terminal: false,
    user: { ...spec.user, umask: 0o022 },
    args: spec.command,
    env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    cwd: spec.workdir,
    noNewPrivileges: true,
    capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
    rlimits: [
      { type: "RLIMIT_CORE", soft: 0, hard: 0 },
      { type: "RLIMIT_NOFILE", soft: files, hard: files },
    ],
  };
}

function mountsOf(place: Placement): OciMount[] {
  return [
    virtual("/proc", "proc", ["ro", "nosuid", "nodev", "noexec"]),
    // Devices are bound into it from the host: a file system mounted in a user namespace cannot have working device nodes.
    virtual("/dev", "tmpfs", ["ro", "nosuid", "noexec", "mode=0755", `size=${deviceFolderSize}`]),
    virtual("/dev/pts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
    virtual("/dev/shm", "tmpfs", ["nosuid", "nodev", "noexec", "mode=1777", `size=${sharedMemorySize}`]),
    ...place.tmpfs.map(tmpfs),
    ...place.identityFiles.map((path) => boundFile(path, join(place.folder, basename(path)))),
    // Last: some lie in a tmpfs.
    ...place.files.map(({ path, source }) => boundFile(path, source)),
  ];
}

function virtual(destination: string, type: string, options: readonly string[]): OciMount {
  return { destination, type, source: type, options };
}

function tmpfs({ path, size, uid, gid, mode }: TmpfsPlacement): OciMount {
  const owner = [`uid=${uid}`, `gid=${gid}`, `mode=0${mode.toString(8)}`, `size=${size}`];
  return virtual(path, "tmpfs", ["nosuid", "nodev", "noexec", ...owner]);
}

function boundFile(destination: string, source: string): OciMount {
  return { destination, type: "bind", source, options: ["bind", "ro", "nosuid", "nodev", "noexec"] };
}

function resourcesOf({ limits }: InstanceSpec, place: Placement): OciSpec["linux"]["resources"] {
  // Swap would let an instance exceed its memory on the host's disk: memory and swap together are limited to the same number.
  const swap = place.hasSwapLimit ? { swap: limits.memory } : {};
  return {
    devices: [{ allow: false, access: "rwm" }],
    memory: { limit: limits.memory, ...swap },
    pids: { limit: limits.pids },
    cpu: { quota: Math.round(limits.cpus * cpuPeriod), period: cpuPeriod },
  };
}
