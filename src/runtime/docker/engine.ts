import type { ContainerCreateOptions } from "dockerode";
import type { Context } from "../../ground/context.ts";
import { openDaemon, type Daemon } from "./daemon.ts";
import type { RegistryAccess } from "./daemon-image.ts";
import { dockerPaths, type DockerPaths } from "./docker-paths.ts";

export type DockerOptions = {
  /** The engine's socket; `/var/run/docker.sock` by default. */
  readonly socket?: string;
  /** A network of the engine's. By default its bridge, or Ingot's own network where it has none. */
  readonly network?: string;
  /** Where images are pulled from; without it they come from the engine itself or the store. */
  readonly registry?: RegistryAccess;
  readonly logDriver?: "json-file" | "local";
  /** Milliseconds that the engine may be silent; a minute by default. */
  readonly timeout?: number;
  /** For tests of the verification: what reaches the engine instead of the profile. */
  readonly alterPlan?: (plan: ContainerCreateOptions) => ContainerCreateOptions;
};

/** What every part of the driver works with. */
export type Engine = {
  readonly ctx: Context;
  readonly options: DockerOptions;
  readonly paths: DockerPaths;
  /** Asks the daemon once who it is; again after a failure. */
  readonly daemon: () => Promise<Daemon>;
};

export function createEngine(ctx: Context, options: DockerOptions): Engine {
  let opened: Promise<Daemon> | undefined;
  const open = (): Promise<Daemon> => {
    return openDaemon(options.socket ?? "/var/run/docker.sock", options.timeout);
  };
  const daemon = (): Promise<Daemon> => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return { ctx, options, paths: dockerPaths(ctx.home), daemon };
}

const warned = new Set<string>();

/** Said loudly, once: the one part of the profile that an engine must be set up for. */
export function warnOfIds(ctx: Context, { kind, socket, hasUserNamespace }: Daemon): void {
  if (hasUserNamespace || warned.has(socket)) return;
  warned.add(socket);
  ctx.report.warn(
    `${kind} at ${socket} shifts no user ids: an account of an instance is the same account of the host; next: set userns-remap for the daemon, or use runc`,
  );
}
