import { formatTimestamp } from "../ground/format-timestamp.ts";
import type { ImageDefinition } from "../project/definition.ts";
import { findGroup, findUser, type Accounts } from "./accounts.ts";
import { writableLabel } from "../oci/labels.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";

/** What an image gets from the one that it is based on. */
export type InheritedConfig = {
  readonly environment: readonly string[];
  readonly user?: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly workdir?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly history: readonly HistoryEntry[];
};

/** What an image from scratch starts with: Debian's own default path, as Docker's official images have it. */
export const scratchConfig: InheritedConfig = {
  environment: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  labels: {},
  ports: [],
  history: [],
};

export type HistoryEntry = { readonly created?: string; readonly created_by?: string; readonly comment?: string };

export type ConfigInput = {
  readonly definition: ImageDefinition;
  readonly accounts: Accounts;
  readonly inherited: InheritedConfig;
  /** Of the base and its own, lowest first. */
  readonly layers: readonly LayerBlob[];
  /** How many of `layers` are the base's. */
  readonly inheritedLayers: number;
  readonly architecture: string;
  /** Seconds since 1970. */
  readonly epoch: number;
};

/**
 * The OCI image configuration (image-spec config.md). The user is written as numbers, because Kubernetes' runAsNonRoot can only judge numbers. A
 * `command` replaces an inherited entrypoint too: what a person writes is the whole command line.
 */
export function imageConfig(input: ConfigInput): object {
  const { definition, inherited } = input;
  const created = formatTimestamp(new Date(input.epoch * 1000));
  return {
    architecture: input.architecture,
    os: "linux",
    created,
    config: runConfig(input),
    rootfs: { type: "layers", diff_ids: input.layers.map((layer) => layer.diffId) },
    history: [
      ...inheritedHistory(inherited, input.inheritedLayers),
      ...input.layers.slice(input.inheritedLayers).map((layer) => ({
        created,
        created_by: `ingot build: ${layer.title}`,
        comment: definition.name,
      })),
    ],
  };
}

/** A base without history, as some builders leave it, still needs an entry a layer: engines pair them up. */
function inheritedHistory(inherited: InheritedConfig, layers: number): readonly HistoryEntry[] {
  if (layers === 0 || inherited.history.length > 0) return inherited.history;
  return Array.from({ length: layers }, () => ({ comment: "inherited" }));
}

function runConfig(input: ConfigInput): object {
  const { definition, inherited } = input;
  const hasCommand = definition.command.length > 0;
  const command = hasCommand ? definition.command : inherited.command;
  const entrypoint = hasCommand ? undefined : inherited.entrypoint;
  const user = numericUser(input) ?? inherited.user;
  const workdir = definition.workdir ?? inherited.workdir;
  const ports = definition.port === undefined ? inherited.ports : [`${definition.port}/tcp`];
  const labels = { ...inherited.labels, ...definition.labels, ...labelOfWritable(definition, inherited) };
  return {
    ...(user === undefined ? {} : { User: user }),
    ...(ports.length === 0 ? {} : { ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])) }),
    Env: mergeEnvironment(inherited.environment, definition.environment),
    ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
    ...(command === undefined ? {} : { Cmd: command }),
    ...(workdir === undefined ? {} : { WorkingDir: workdir }),
    ...(Object.keys(labels).length === 0 ? {} : { Labels: labels }),
  };
}

function numericUser(input: ConfigInput): string | undefined {
  const { name, user } = input.definition;
  if (user === undefined) return undefined;
  const use = { image: name, key: "user" } as const;
  const [account = "", group] = user.split(":");
  const { uid, gid } = findUser(input.accounts, account, use);
  return `${uid}:${group === undefined ? gid : findGroup(input.accounts, group, use)}`;
}

/** Written also when nothing is writable: without the label an image counts as made by another tool, and gets what such images need. */
function labelOfWritable(definition: ImageDefinition, inherited: InheritedConfig): Record<string, string> {
  if (definition.writable.length === 0 && writableLabel in inherited.labels) return {};
  const value = definition.writable.map(({ path, size }) => ({ path, size }));
  return { [writableLabel]: JSON.stringify(value) };
}

function mergeEnvironment(inherited: readonly string[], own: Readonly<Record<string, string>>): readonly string[] {
  const merged = new Map(inherited.map((pair) => [pair.slice(0, pair.indexOf("=")), pair] as const));
  for (const [name, value] of Object.entries(own)) merged.set(name, `${name}=${value}`);
  return [...merged.values()];
}

/** The annotations of a manifest (image-spec annotations.md), with the lineage where there is a base. */
export function imageAnnotations(input: {
  readonly project: string;
  readonly name: string;
  readonly epoch: number;
  readonly base?: { readonly name: string; readonly digest: string };
}): Readonly<Record<string, string>> {
  return {
    "org.opencontainers.image.created": formatTimestamp(new Date(input.epoch * 1000)),
    "org.opencontainers.image.title": `${input.project}/${input.name}`,
    ...(input.base === undefined
      ? {}
      : {
          "org.opencontainers.image.base.name": input.base.name,
          "org.opencontainers.image.base.digest": input.base.digest,
        }),
  };
}
