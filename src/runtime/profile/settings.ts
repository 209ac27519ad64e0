/**
 * The numbers and paths of an instance's profile that are the same for every image. Each is read back after the start: see `verify/`.
 */

/** Entries of /proc that tell about the host or act on it. Docker's list, and what the kernel has gained since. */
export const maskedPaths = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/config.gz",
  "/proc/interrupts",
  "/proc/iomem",
  "/proc/kallsyms",
  "/proc/kcore",
  "/proc/key-users",
  "/proc/keys",
  "/proc/kmsg",
  "/proc/kpagecgroup",
  "/proc/kpagecount",
  "/proc/kpageflags",
  "/proc/latency_stats",
  "/proc/modules",
  "/proc/pagetypeinfo",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/slabinfo",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/vmallocinfo",
] as const;

/** Entries of /proc that change the kernel when they are written. All of /proc is read-only; these stay so if that mount is ever changed. */
export const readOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"] as const;

/** The only devices of an instance, with their numbers (Documentation/admin-guide/devices.txt of Linux). */
export const deviceNodes = {
  "/dev/null": "1:3",
  "/dev/zero": "1:5",
  "/dev/full": "1:7",
  "/dev/random": "1:8",
  "/dev/urandom": "1:9",
  "/dev/tty": "5:0",
} as const;

/** The files that an instance gets from the host, in its own folder there. */
export const identityFiles = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"] as const;

/** Folders that something is mounted on in every instance. `/sys` stays the image's empty folder: no server needs what is in it. */
export const systemFolders = ["/proc", "/sys", "/dev", "/tmp", "/run", "/etc"] as const;

/** Bytes. Only device nodes and links are in `/dev`. */
export const deviceFolderSize = 64 * 1024;
/** Bytes. POSIX shared memory and semaphores: PostgreSQL, Python's multiprocessing. It counts into the memory limit as well. */
export const sharedMemorySize = 64 * 1024 * 1024;

export const namespaces = ["user", "pid", "network", "ipc", "uts", "mount", "cgroup"] as const;
export type NamespaceKind = (typeof namespaces)[number];

/** Ids 0 to 65535 of an instance; each instance has as many of its own on the host. */
export const idRangeSize = 65_536;

export const cpuPeriod = 100_000;
export const openFiles = 65_536;
