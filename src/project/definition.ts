import type { LintName } from "./lint-names.ts";

/** What a person wrote, parsed and checked: the shapes that every other room trusts. Paths of the host are absolute. */
export type Project = {
  readonly name: string;
  /** The absolute path of `ingot.yaml`; `folder` holds it, and relative paths in it start there. */
  readonly path: string;
  readonly folder: string;
  /** Overrides the host's apt sources: the main archive's URL, and the security archive's where it differs. */
  readonly mirror?: { readonly main: string; readonly security?: string };
  /** Absolute path of an OpenPGP keyring that replaces the host's. */
  readonly keyring?: string;
  readonly images: ReadonlyMap<string, ImageDefinition>;
  readonly services: ReadonlyMap<string, ServiceDefinition>;
  readonly environments: ReadonlyMap<string, EnvironmentDefinition>;
  /** Whose signatures count, by role: absolute paths of public keys in PEM. A role that is not named trusts nobody. */
  readonly trust: TrustDefinition;
};

export type TrustDefinition = Readonly<
  Partial<Record<"builder" | "scanner" | "tester" | "approver" | "rebuilder", readonly string[]>>
>;

export type BaseDefinition =
  | { readonly kind: "debian"; readonly suite: string }
  /** Another image of the same project. */
  | { readonly kind: "image"; readonly name: string }
  /** `REGISTRY/NAME:TAG` or `…@sha256:…`. */
  | { readonly kind: "oci"; readonly reference: string };

export type ImageDefinition = {
  readonly name: string;
  readonly base: BaseDefinition;
  readonly packages: readonly string[];
  readonly recommends: boolean;
  readonly files: readonly FileDefinition[];
  /** Each is run by `/bin/sh -e -c` in the sandbox, in this order, after `files`. */
  readonly run: readonly string[];
  readonly user?: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workdir?: string;
  readonly port?: number;
  readonly writable: readonly WritableDefinition[];
  readonly labels: Readonly<Record<string, string>>;
  readonly compression: "gzip" | "zstd";
  readonly tests: readonly TestDefinition[];
  /** What the image must not have; a lint holds it to that. */
  readonly without: readonly ("shell" | "package-manager")[];
  /** Lints that are switched off, or off for some paths, each with its reason. */
  readonly lints: readonly LintException[];
};

export type LintException = {
  readonly lint: LintName;
  readonly reason: string;
  /** Absolute paths, or patterns with `*`, that the exception is for; absent: the whole lint is off. */
  readonly paths?: readonly string[];
};

/** One entry of `files`: `/path: ./source`, or `/path: {source | content, mode, owner, group}`. */
export type FileDefinition = {
  /** Absolute path in the image, normalised, without a trailing slash. */
  readonly target: string;
  readonly from:
    | { readonly kind: "path"; readonly source: string }
    | { readonly kind: "content"; readonly content: string };
  /** Permission bits for files; by default 0644, or 0755 where the source is executable. Directories get 0755. */
  readonly mode?: number;
  /** A user's or group's name in the image, or a number; root by default. */
  readonly owner?: string;
  readonly group?: string;
};

/** A tmpfs of an instance. `size` in bytes. */
export type WritableDefinition = { readonly path: string; readonly size: number };

/** `timeout` in milliseconds; 10 seconds by default. */
export type TestDefinition = { readonly name: string; readonly timeout?: number } & (
  | { readonly kind: "run"; readonly run: readonly string[]; readonly exit?: number; readonly contains?: string }
  | { readonly kind: "get"; readonly get: string; readonly status?: number; readonly contains?: string }
  | {
      readonly kind: "file";
      readonly file: string;
      readonly mode?: number;
      readonly owner?: string;
      readonly contains?: string;
      readonly absent?: boolean;
    }
  | { readonly kind: "port"; readonly port: number }
  | { readonly kind: "user"; readonly user: string; readonly shell?: string }
  | { readonly kind: "process"; readonly process: string; readonly user?: string }
);

/** Durations in milliseconds. */
export type HealthDefinition = {
  readonly probe:
    | { readonly kind: "get"; readonly path: string }
    | { readonly kind: "tcp" }
    | { readonly kind: "run"; readonly run: readonly string[] };
  readonly interval: number;
  readonly timeout: number;
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
};

export type UpdateDefinition = {
  readonly strategy: "rolling" | "canary" | "blue-green";
  readonly maxParallel: number;
  readonly minHealthyTime: number;
  readonly healthyDeadline: number;
  readonly progressDeadline: number;
  readonly autoRevert: boolean;
};

/** A file of a service's configuration; `source` is an absolute path of the host. */
export type ServiceFile = { readonly target: string } & (
  | { readonly kind: "path"; readonly source: string }
  | { readonly kind: "content"; readonly content: string }
);

export type ServiceDefinition = {
  readonly name: string;
  readonly image: string;
  readonly replicas: number;
  readonly listen?: string;
  readonly health?: HealthDefinition;
  readonly update: UpdateDefinition;
  /** Files of the configuration; whoever releases it reads the sources then. */
  readonly files: readonly ServiceFile[];
  /** How it runs, in the words of ingot.yaml with all defaults: what a release keeps as its configuration. Its image is not in it, since a release has one of its own. */
  readonly written: Readonly<Record<string, unknown>>;
};

export type EnvironmentDefinition = {
  readonly name: string;
  /** Absolute path of a Cedar file. */
  readonly policy?: string;
  /** How many people must approve an image. */
  readonly approvals: number;
};
