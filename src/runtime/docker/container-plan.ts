import type { ContainerCreateOptions } from "dockerode";
import type { FilePlacement, Placement } from "../profile/placement.ts";
import { seccompProfile } from "../profile/seccomp.ts";
import { cpuPeriod, maskedPaths, openFiles, readOnlyPaths, sharedMemorySize } from "../profile/settings.ts";
import type { InstanceSpec } from "../runtime.ts";

/** What a container needs beside the specification. */
export type ContainerPlace = {
  readonly place: Placement;
  /** What the daemon calls the image: its id, or a reference by digest. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: string;
  readonly kind: "docker" | "podman";
  /** A file with the filter: podman reads it from there. */
  readonly seccompFile: string;
  readonly hasAppArmor: boolean;
  readonly logDriver: "json-file" | "local";
  /** Folders of the host that are memory, for an engine that cannot say whose a tmpfs is. */
  readonly tmpfsFolders: readonly string[];
  /** Volumes that the image declares, and that would be made on the disk, writable, if nothing else were there. */
  readonly volumes: readonly string[];
};

/** Hidden whole: an instance under runc has neither. */
export const hiddenFolders = ["/sys", "/dev/mqueue"] as const;

/** The profile of `profile/profile.ts` in the words of Docker's API. Pure. What the engines cannot say is in docs/runtime-docker.md. */
export function containerPlan(spec: InstanceSpec, options: ContainerPlace): ContainerCreateOptions {
  return {
    Image: options.image,
    Hostname: spec.id,
    User: `${spec.user.uid}:${spec.user.gid}`,
    // Both: an image's own entrypoint would come before the command.
    Entrypoint: [...spec.command],
    Cmd: [],
    Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    WorkingDir: spec.workdir,
    Tty: false,
    OpenStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    // A check of the image's would be a program that enters the instance from outside.
    Healthcheck: { Test: ["NONE"] },
    Labels: { ...options.labels },
    HostConfig: {
      ...confinementOf(options),
      ...limitsOf(spec, options),
      ...mountsOf(options),
      NetworkMode: options.network,
      Sysctls: options.network.startsWith("ns:") ? {} : { "net.ipv4.ip_unprivileged_port_start": "0" },
      RestartPolicy: { Name: "no" },
      AutoRemove: false,
      LogConfig: { Type: options.logDriver, Config: { "max-size": "8m", "max-file": "4" } },
    },
  };
}

/** The types do not know every field of the API. */
type Host = NonNullable<ContainerCreateOptions["HostConfig"]> & { readonly CgroupnsMode?: "private" };

function confinementOf({ kind, seccompFile, hasAppArmor }: ContainerPlace): Host {
  const masked = [...maskedPaths, ...hiddenFolders];
  const filter = kind === "podman" ? seccompFile : JSON.stringify(seccompProfile());
  const masks = kind === "podman" ? [`mask=${masked.join(":")}`] : [];
  return {
    Privileged: false,
    ReadonlyRootfs: true,
    CapAdd: [],
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges", `seccomp=${filter}`, ...masks],
    MaskedPaths: masked,
    ReadonlyPaths: [...(hasAppArmor ? [] : ["/proc"]), "/dev", ...readOnlyPaths],
    IpcMode: "private",
    PidMode: "",
    UTSMode: "",
    CgroupnsMode: "private",
    PublishAllPorts: false,
  };
}

function limitsOf({ limits }: InstanceSpec, { kind, place }: ContainerPlace): Host {
  const files = Math.min(openFiles, place.mostOpenFiles);
  const ulimits = [
    { Name: "core", Soft: 0, Hard: 0 },
    { Name: "nofile", Soft: files, Hard: files },
  ];
  return {
    Memory: limits.memory,
    ...(place.hasSwapLimit ? { MemorySwap: limits.memory } : {}),
    OomKillDisable: false,
    PidsLimit: limits.pids,
    CpuPeriod: cpuPeriod,
    CpuQuota: Math.round(limits.cpus * cpuPeriod),
    ShmSize: sharedMemorySize,
    // podman raises what is not named to a number that it may not reach.
    Ulimits: kind === "podman" ? [...ulimits, { Name: "nproc", Soft: 1000, Hard: 1000 }] : ulimits,
  };
}

function mountsOf({ kind, place, tmpfsFolders, volumes }: ContainerPlace): Host {
  // podman adds the restrictions of the place that a file comes from, but for `ro`.
  const files = place.files.map(({ path, source }: FilePlacement) => ({
    ...bind(source, path),
    ReadOnly: kind === "podman",
  }));
  if (tmpfsFolders.length > 0) {
    const folders = place.tmpfs.map(({ path }, index) => bind(tmpfsFolders[index] ?? "", path));
    return { Mounts: [...folders, ...files] };
  }
  const tmpfs = place.tmpfs.map(({ path, size, uid, gid, mode }) => [
    path,
    `rw,nosuid,nodev,noexec,size=${size},uid=${uid},gid=${gid},mode=0${mode.toString(8)}`,
  ]);
  const kept = volumes.map((Target) => ({ Type: "volume" as const, Source: "", Target, ReadOnly: true }));
  return { Tmpfs: Object.fromEntries(tmpfs) as Record<string, string>, Mounts: [...files, ...kept] };
}

/** Not `ReadOnly`: then the engine mounts it anew with that alone. As it is, it keeps all the restrictions of the place it comes from, which is read-only. */
function bind(Source: string, Target: string) {
  return { Type: "bind" as const, Source, Target, BindOptions: { Propagation: "rprivate" as const } };
}
