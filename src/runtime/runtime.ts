import type { Digest } from "../oci/digest.ts";

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
};

/** What `id` may look like: it is the host name, part of paths, and an argument of programs. */
export function isInstanceId(text: string): text is InstanceId {
  return /^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$/.test(text);
}

export type InstanceState = {
  readonly id: InstanceId;
  readonly image: Digest;
  /** The image's name when it was started by name. */
  readonly name?: string;
  readonly status: "running" | "exited";
  readonly pid?: number;
  readonly address?: string;
  readonly port?: number;
  /** ISO 8601. */
  readonly started: string;
};

/** A driver of instances. Every method throws `IngotError`. */
export type Runtime = {
  readonly start: (spec: InstanceSpec) => Promise<InstanceState>;
  /** SIGTERM, then SIGKILL after `grace` milliseconds; then nothing of the instance is left. */
  readonly stop: (id: InstanceId, options?: { grace?: number }) => Promise<void>;
  readonly list: () => Promise<readonly InstanceState[]>;
};
