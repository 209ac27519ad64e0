import type { SeccompProfile } from "./seccomp.ts";

/** The part of the OCI runtime specification (config.md, config-linux.md) that Ingot writes. */
export type OciSpec = {
  readonly ociVersion: string;
  readonly hostname: string;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly process: {
    readonly terminal: boolean;
    readonly user: { readonly uid: number; readonly gid: number; readonly umask: number };
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly cwd: string;
    readonly noNewPrivileges: boolean;
    readonly capabilities: Readonly<Record<CapabilitySet, readonly string[]>>;
    readonly rlimits: readonly { readonly type: string; readonly soft: number; readonly hard: number }[];
  };
  readonly mounts: readonly OciMount[];
  readonly linux: {
    readonly namespaces: readonly { readonly type: string; readonly path?: string }[];
    readonly uidMappings: readonly IdMapping[];
    readonly gidMappings: readonly IdMapping[];
    readonly devices: readonly unknown[];
    readonly cgroupsPath: string;
    readonly resources: OciResources;
    readonly seccomp?: SeccompProfile;
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
    readonly rootfsPropagation: string;
  };
};

export type CapabilitySet = "bounding" | "effective" | "inheritable" | "permitted" | "ambient";

export type OciMount = {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
};

type IdMapping = { readonly containerID: number; readonly hostID: number; readonly size: number };

type OciResources = {
  readonly devices: readonly { readonly allow: boolean; readonly access: string }[];
  readonly memory: { readonly limit: number; readonly swap?: number };
  readonly pids: { readonly limit: number };
  readonly cpu: { readonly quota: number; readonly period: number };
};
