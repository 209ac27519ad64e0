import type { Digest } from "../oci/digest.ts";
import type { ProcessIdentity } from "./process-identity.ts";

declare const brand: unique symbol;
export type InstanceId = string & { readonly [brand]: "InstanceId" };

/** What an instance is started from: pure data, derived from an image's configuration and the person's options. */
export type InstanceSpec = {
  readonly id: InstanceId;
  readonly image: Digest;
  /** The image's name when it is started by name. */
  readonly name?: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly user: { readonly uid: number; readonly gid: number };
  /** tmpfs mounts; size in bytes. They belong to the instance's user, unless the image's folder is open to all, as /tmp is. */
  readonly writable: readonly { readonly path: string; readonly size: number }[];
  /** Memory in bytes, a multiple of 4096; CPUs as a fraction of whole ones. */
  readonly limits: { readonly memory: number; readonly pids: number; readonly cpus: number };
  readonly port?: number;
  /** What whoever started it says of it: `dev.ingot.service` … Kept with its state, and given back by `list`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Files of the release's configuration, each a read-only file mounted at its path; mode 0444. The image has a file there, or the path lies in a writable folder. */
  readonly files?: readonly { readonly path: string; readonly content: string }[];
};

/**
 * Files that are in no image, configuration or record: given at the start, held in memory and gone with it. Mode 0400, of the instance's user. Never logged, never written to
 * a disk, never part of an error.
 */
export type Secret = { readonly path: string; readonly content: Uint8Array };

/** What `id` may look like: it is the host name, part of paths, and an argument of programs. */
export function isInstanceId(text: string): text is InstanceId {
  return /^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$/.test(text);
}

export type InstanceState = {
  readonly id: InstanceId;
  readonly image: Digest;
  /** The image's name when it was started by name. */
  readonly name?: string;
  /** `frozen`: none of its processes runs until it is thawed or destroyed. */
  readonly status: "running" | "frozen" | "exited";
  readonly pid?: number;
  readonly address?: string;
  readonly port?: number;
  /** ISO 8601. */
  readonly started: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** How it ended, where that is known. `out-of-memory`: the kernel killed it for its memory limit. */
  readonly end?: { readonly code?: number; readonly signal?: string; readonly isOutOfMemory: boolean };
};

/** Where an instance is on the host, for whoever watches it. */
export type InstancePlace = {
  readonly pid: number;
  /** Below the root of the cgroup hierarchies. */
  readonly cgroup: string;
  /** The one file that its content is mounted from, and its SHA-256 when it was made, 64 hex digits; absent for drivers that have another. */
  readonly content?: { readonly path: string; readonly sha256: string };
  readonly writable: readonly string[];
};

export type LaunchOptions = {
  /** Its command is not executed: all of it is made and waits. For looking at what an instance of an image without a command would be. */
  readonly isHeld?: boolean;
  /** Once this process is gone, the next `list` of anybody removes the instance. Without one it lives until it is stopped. */
  readonly owner?: ProcessIdentity;
  readonly secrets?: readonly Secret[];
};

export type LogRequest = {
  /** The last so many lines; absent: all that is kept. */
  readonly tail?: number;
  /** Goes on with what is printed from now on, until the instance is gone or the signal says so. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
};

export type RunRequest = {
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes that are kept of what it prints: the last ones. */
  readonly maxOutput: number;
  /** A text to look for in all that it prints, also in what is not kept. */
  readonly find?: string;
};

/** What became of a program that was run to its end. */
export type ProgramEnd = {
  /** What it printed on stdout and stderr, its last `maxOutput` bytes. */
  readonly output: string;
  /** Bytes that were printed before those. */
  readonly cut: number;
  /** Whether `find` was printed; true without one. */
  readonly isFound: boolean;
  /** Limits of the instance that were met meanwhile: a process that could not be made, one that was killed for its memory. */
  readonly limitsMet: readonly ("processes" | "memory")[];
} & (
  | { readonly status: "exited"; readonly exitCode: number }
  /** `SIGKILL` … */
  | { readonly status: "killed"; readonly signal: string }
  | { readonly status: "timed-out" }
  /** The program is missing or cannot be executed. */
  | { readonly status: "not-started"; readonly reason: string }
);

/** A driver of instances. Every method throws `IngotError`. */
export type Runtime = {
  readonly start: (spec: InstanceSpec, options?: LaunchOptions) => Promise<InstanceState>;
  /** SIGTERM, then SIGKILL after `grace` milliseconds; then nothing of the instance is left. */
  readonly stop: (id: InstanceId, options?: { grace?: number }) => Promise<void>;
  readonly list: () => Promise<readonly InstanceState[]>;
  /** Makes ready what the first start of an image would wait for: its content on this host. */
  readonly prepare: (image: Digest) => Promise<void>;
  /** Stops all processes of an instance where they are, by its cgroup; nothing of it ends. May be repeated. */
  readonly freeze: (id: InstanceId) => Promise<void>;
  readonly thaw: (id: InstanceId) => Promise<void>;
  readonly place: (id: InstanceId) => Promise<InstancePlace>;
  /** What it printed on stdout and stderr, as it came; kept with rotation. */
  readonly logs: (id: InstanceId, request?: LogRequest) => AsyncIterable<Uint8Array>;
  /**
   * Runs a program in a living instance, by the same profile. For health checks that are programs, and for a person with the right to debug, whose instance is replaced afterwards: nothing else ever
   * enters one.
   */
  readonly execute: (id: InstanceId, command: readonly string[], request: RunRequest) => Promise<ProgramEnd>;
  /**
   * Starts an instance, waits for the end of its command and removes it: whatever that started, left or wrote is gone with it. The profile is that of every
   * other instance, verified in the same way.
   */
  readonly runToEnd: (spec: InstanceSpec, request: RunRequest) => Promise<ProgramEnd>;
};
