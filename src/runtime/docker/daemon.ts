import type Docker from "dockerode";
import { IngotError } from "../../ground/error.ts";

/** An engine that answers on a socket; podman speaks Docker's language with an accent. */
export type Daemon = {
  readonly kind: "docker" | "podman";
  readonly api: Docker;
  /** Without a limit of time: for output that is followed. */
  readonly streams: Docker;
  readonly socket: string;
  /** The host id that id 0 of an instance is; 0 without `userns-remap`. */
  readonly firstId: number;
  readonly hasUserNamespace: boolean;
  readonly hasSwapLimit: boolean;
  /** A network of the daemon's own that has addresses. */
  readonly hasBridge: boolean;
  /** With AppArmor, runc writes the profile's name below /proc, which then cannot be read-only. */
  readonly hasAppArmor: boolean;
};

/** Milliseconds that the daemon may be silent while it answers. */
const patience = 60_000;

/** Asks the daemon who it is. Throws `runtime-unreachable`. */
export async function openDaemon(socket: string, timeout = patience): Promise<Daemon> {
  const Engine = await loadClient();
  // `host` would otherwise come from DOCKER_HOST and win over the socket.
  const place = { socketPath: socket, host: undefined, protocol: "http" as const } as unknown as Docker.DockerOptions;
  const api = new Engine({ ...place, timeout });
  const streams = new Engine(place);
  const [info, version] = await reach(socket, async () => [(await api.info()) as DaemonInfo, await api.version()]);
  const options = info.SecurityOptions ?? [];
  const hasUserNamespace = options.some((option) => option.startsWith("name=userns"));
  const kind = version.Components?.some(({ Name }) => Name.startsWith("Podman")) === true ? "podman" : "docker";
  return {
    kind,
    api,
    streams,
    socket,
    hasUserNamespace,
    firstId: hasUserNamespace ? firstIdOf(info.DockerRootDir ?? "") : 0,
    hasSwapLimit: info.SwapLimit === true,
    // podman enters the network namespace that Ingot makes, which it is connected to before its command runs.
    hasBridge: kind === "docker" && (await reach(socket, () => findBridge(api))),
    hasAppArmor: options.some((option) => option.startsWith("name=apparmor")),
  };
}

type DaemonInfo = {
  readonly SecurityOptions?: readonly string[];
  readonly DockerRootDir?: string;
  readonly SwapLimit?: boolean;
};

/** dockerode is a tenth of a second to load. With DEBUG set it would print the token of each pull. */
async function loadClient(): Promise<typeof Docker> {
  const { DEBUG } = process.env;
  delete process.env.DEBUG;
  try {
    return (await import("dockerode")).default;
  } finally {
    if (DEBUG !== undefined) process.env.DEBUG = DEBUG;
  }
}

/** `/var/lib/docker/231072.231072`: with userns-remap the folder is named by the first ids. */
function firstIdOf(folder: string): number {
  return Number(/\/(\d+)\.\d+$/.exec(folder)?.[1] ?? 0);
}

async function findBridge(api: Docker): Promise<boolean> {
  const networks = await api.listNetworks();
  return networks.some(({ Name, Driver }) => Name === "bridge" && Driver === "bridge");
}

/** Does something that asks the daemon; one that is gone or silent is an error with the next step. */
export async function reach<T>(socket: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof IngotError || statusOf(error) !== undefined || !isLost(error)) throw error;
    throw new IngotError(
      "runtime-unreachable",
      `the engine at ${socket} does not answer: ${(error as Error).message}`,
      {
        hint: `start it, such as with: systemctl start docker; then ask it: curl --unix-socket ${socket} http://d/version`,
        cause: error,
      },
    );
  }
}

const lost = ["ECONNREFUSED", "ECONNRESET", "ENOENT", "EACCES", "EPIPE", "ETIMEDOUT", "ENOTSOCK"];

function isLost(error: unknown): boolean {
  return error instanceof Error && "code" in error && lost.includes(String(error.code));
}

/** The HTTP status of what the daemon refused; undefined for every other error. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}

/** What the daemon said, for a person: one line, no control characters. */
export function reasonOf(error: unknown): string {
  const said = (error as { json?: { message?: unknown } }).json?.message;
  const text = typeof said === "string" ? said : (error as Error).message;
  return text
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, 2000);
}
