import { dirname, resolve } from "node:path";
import { defined } from "./defined.ts";
import type {
  BaseDefinition,
  FileDefinition,
  HealthDefinition,
  ImageDefinition,
  Project,
  ServiceDefinition,
  WritableDefinition,
} from "./definition.ts";
import { normaliseTarget } from "./image-path.ts";
import type { LintName } from "./lint-names.ts";
import { readDuration, readMode, readSize } from "./scalars.ts";
import type { WrittenProject } from "./schema.ts";
import { toTest } from "./to-test.ts";

type Written<Key extends "images" | "services"> = WrittenProject[Key][string];

/** The definition that the other rooms read, from one that has passed all checks. `path` is absolute. */
export function toProject(written: WrittenProject, path: string): Project {
  const folder = dirname(path);
  const { mirror, keyring } = written;
  return {
    name: written.project,
    path,
    folder,
    ...(mirror === undefined ? {} : { mirror: typeof mirror === "string" ? { main: mirror } : defined(mirror) }),
    trust: defined(mapValues(written.trust, (paths) => paths?.map((one) => resolve(folder, one)))),
    ...(keyring === undefined ? {} : { keyring: resolve(folder, keyring) }),
    images: mapOf(written.images, (image, name) => toImage(image, { name, folder })),
    services: mapOf(written.services, (service, name) => toService(service, name, folder)),
    environments: mapOf(written.environments, ({ policy, approvals }, name) => ({
      name,
      approvals,
      ...(policy === undefined ? {} : { policy: resolve(folder, policy) }),
    })),
  };
}

function toImage(written: Written<"images">, { name, folder }: { name: string; folder: string }): ImageDefinition {
  const { user, workdir, port } = written;
  return {
    name,
    base: toBase(written.base),
    packages: written.packages,
    recommends: written.recommends,
    files: Object.entries(written.files).map(([target, from]) => toFile(target, from, folder)),
    run: written.run,
    ...defined({ user: asName(user), workdir, port }),
    command: written.command,
    environment: written.environment,
    writable: toWritable(written.writable),
    labels: written.labels,
    compression: written.compression,
    tests: written.tests.map(toTest),
    without: written.without,
    lints: Object.entries(written.lints).flatMap(([lint, exception]) =>
      exception === undefined ? [] : [{ lint: lint as LintName, ...defined(exception) }],
    ),
  };
}

function toBase(written: string): BaseDefinition {
  const [kind, rest] = [written.slice(0, written.indexOf(":")), written.slice(written.indexOf(":") + 1)];
  if (kind === "debian") return { kind, suite: rest };
  return kind === "image" ? { kind, name: rest } : { kind: "oci", reference: rest };
}

function toFile(target: string, from: Written<"images">["files"][string], folder: string): FileDefinition {
  const { source, content, mode, owner, group } = typeof from === "string" ? fileOf(from) : from;
  return {
    target: normaliseTarget(target),
    from:
      content === undefined ? { kind: "path", source: resolve(folder, source ?? "") } : { kind: "content", content },
    ...defined({ mode: mode === undefined ? undefined : readMode(mode), owner: asName(owner), group: asName(group) }),
  };
}

type WrittenFile = Exclude<Written<"images">["files"][string], string>;

function fileOf(source: string): WrittenFile {
  return { source };
}

function asName(account: string | number | undefined): string | undefined {
  return account === undefined ? undefined : String(account);
}

/** A folder before what lies in it, so that mounting in this order hides nothing. */
function toWritable(written: Written<"images">["writable"]): WritableDefinition[] {
  return Object.entries(written)
    .map(([path, size]) => ({ path: normaliseTarget(path), size: readSize(size) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function toService(written: Written<"services">, name: string, folder: string): ServiceDefinition {
  const { image, ...rest } = written;
  const { replicas, listen, health, update } = rest;
  return {
    name,
    written: rest,
    image,
    replicas,
    files: Object.entries(written.files).map(([target, from]) => toServiceFile(target, from, folder)),
    ...defined({ listen, health: health === undefined ? undefined : toHealth(health) }),
    update: {
      strategy: update.strategy,
      maxParallel: update.max_parallel,
      minHealthyTime: readDuration(update.min_healthy_time),
      healthyDeadline: readDuration(update.healthy_deadline),
      progressDeadline: readDuration(update.progress_deadline),
      autoRevert: update.auto_revert,
    },
  };
}

function toServiceFile(
  target: string,
  from: Written<"services">["files"][string],
  folder: string,
): ServiceDefinition["files"][number] {
  if (typeof from !== "string" && from.content !== undefined) return { target, kind: "content", content: from.content };
  const source = typeof from === "string" ? from : (from.source ?? "");
  return { target, kind: "path", source: resolve(folder, source) };
}

function toHealth(written: NonNullable<Written<"services">["health"]>): HealthDefinition {
  const { get, run } = written;
  return {
    probe: probeOf(get, run),
    interval: readDuration(written.interval),
    timeout: readDuration(written.timeout),
    healthyAfter: written.healthy_after,
    unhealthyAfter: written.unhealthy_after,
  };
}

function probeOf(get: string | undefined, run: readonly string[] | undefined): HealthDefinition["probe"] {
  if (get !== undefined) return { kind: "get", path: get };
  return run === undefined ? { kind: "tcp" } : { kind: "run", run };
}

function mapValues<Key extends string, From, To>(
  record: Readonly<Partial<Record<Key, From>>>,
  convert: (value: From | undefined) => To,
): Record<Key, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, convert(value as From)])) as Record<
    Key,
    To
  >;
}

function mapOf<From, To>(
  record: Readonly<Record<string, From>>,
  convert: (value: From, name: string) => To,
): Map<string, To> {
  return new Map(Object.entries(record).map(([name, value]) => [name, convert(value, name)]));
}
