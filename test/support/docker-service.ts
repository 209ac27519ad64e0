import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dockerd } from "./dockerd.ts";

/** A service of a swarm of one node, as `docker service` has it. */
export type DockerService = {
  /** `docker service update`: all replicas are replaced, each by one that is started first. Resolves when all of the new release run and none of the old does. */
  readonly update: () => Promise<void>;
  /** `docker service rollback`, in the same way. */
  readonly rollBack: () => Promise<void>;
  /** With its instances, and the swarm. */
  readonly remove: () => Promise<void>;
};

export type DockerServiceOptions = {
  readonly image: string;
  readonly command: readonly string[];
  readonly replicas: number;
  /** How many are replaced at a time. */
  readonly parallelism: number;
};

const name = "measured";

/** Needs no network: the swarm listens on loopback, and the instances use the host's network. Nothing of it waits for the sake of waiting: no delays, no grace, the shortest watch after a task. */
export async function dockerService(dockerd: Dockerd, options: DockerServiceOptions): Promise<DockerService> {
  const { image, command, replicas, parallelism } = options;
  await dockerd.docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:0");
  const rolling = ["update", "rollback"].flatMap((kind) => [
    `--${kind}-order=start-first`,
    `--${kind}-parallelism=${parallelism}`,
    `--${kind}-delay=0s`,
    `--${kind}-monitor=1ms`,
  ]);
  const settings = [
    `--replicas=${replicas}`,
    "--network=host",
    "--stop-grace-period=0s",
    "--env=RELEASE=0",
    "--detach",
  ];
  await dockerd.docker(
    "service",
    "create",
    `--name=${name}`,
    "--no-resolve-image",
    ...rolling,
    ...settings,
    image,
    ...command,
  );
  let release = 0;
  let previous = 0;
  const settled = (): Promise<void> => untilRunning(dockerd.socket, { release, replicas });
  await settled();
  return {
    update: async () => {
      previous = release;
      release += 1;
      await dockerd.docker("service", "update", "--detach", "--no-resolve-image", `--env-add=RELEASE=${release}`, name);
      await settled();
    },
    rollBack: async () => {
      [previous, release] = [release, previous];
      await dockerd.docker("service", "update", "--detach", "--rollback", name);
      await settled();
    },
    remove: async () => {
      await dockerd.docker("service", "rm", name);
      await dockerd.docker("swarm", "leave", "--force");
    },
  };
}

type Task = {
  readonly Status: { readonly State: string };
  readonly Spec: { readonly ContainerSpec: { readonly Env?: readonly string[] } };
};

async function untilRunning(
  socket: string,
  wanted: { readonly release: number; readonly replicas: number },
): Promise<void> {
  const deadline = Date.now() + 300_000;
  for (;;) {
    const running = (await readTasks(socket)).filter(({ Status }) => Status.State === "running");
    const isNew = running.map(({ Spec }) => Spec.ContainerSpec.Env?.includes(`RELEASE=${wanted.release}`) === true);
    if (isNew.length === wanted.replicas && isNew.every(Boolean)) return;
    if (Date.now() > deadline)
      throw new Error(`the service did not reach release ${wanted.release} within five minutes`);
    await sleep(20);
  }
}

function readTasks(socket: string): Promise<readonly Task[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Task[]>();
  const filters = encodeURIComponent(JSON.stringify({ service: { [name]: true } }));
  const asked = request({ socketPath: socket, path: `/tasks?filters=${filters}` }, (response) => {
    const pieces: Buffer[] = [];
    response.on("data", (piece: Buffer) => pieces.push(piece));
    response.on("end", () => resolve(JSON.parse(Buffer.concat(pieces).toString("utf8")) as readonly Task[]));
    response.on("error", reject);
  });
  asked.on("error", reject);
  asked.end();
  return promise;
}
