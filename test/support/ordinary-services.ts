import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { WatchedInstance } from "../../src/guard/guard.ts";
import type { GuardProcess } from "../../src/guard/process/open-guard.ts";
import { present } from "../../src/ground/present.ts";
import { instanceSpec } from "../../src/runtime/image-instance.ts";
import { runcRuntime } from "../../src/runtime/runc/runc-driver.ts";
import type { InstanceId } from "../../src/runtime/runtime.ts";
import type { TestHome } from "./runtime-image.ts";
import { watchedInstance } from "./watched-instance.ts";

/** A service from Debian's packages in one real instance, and what is ordinarily done with it. */
export type OrdinaryService = {
  readonly name: string;
  readonly id: () => InstanceId;
  /** A new instance that answers, instead of the one before. */
  readonly restart: () => Promise<void>;
  readonly check: () => Promise<void>;
  readonly reload: () => Promise<void>;
  /** What it is there for. */
  readonly work: () => Promise<void>;
  /** What a timer does in any instance. */
  readonly tidy: () => Promise<void>;
};

type Kind = {
  readonly name: string;
  readonly command: readonly string[];
  readonly check: readonly string[];
  /** Signals to its first process. */
  readonly reload: readonly NodeJS.Signals[];
  /** Programs that are executed in it. */
  readonly chores: readonly (readonly string[])[];
  /** What is asked of it over the network. */
  readonly paths: readonly string[];
};

const kinds: readonly Kind[] = [
  {
    name: "nginx",
    command: ["nginx", "-g", "daemon off;"],
    check: ["check", "http"],
    reload: ["SIGHUP", "SIGUSR1"],
    chores: [
      ["nginx", "-t"],
      ["nginx", "-s", "reload"],
    ],
    paths: ["/", "/a1"],
  },
  {
    name: "postgres",
    command: ["run-postgres"],
    check: ["check", "postgres"],
    reload: ["SIGHUP"],
    chores: [["postgres-chores"], ["psql", "-h", "/tmp", "-U", "postgres", "-c", "select pg_reload_conf()"]],
    paths: [],
  },
  {
    name: "redis",
    command: ["redis-server", "--dir", "/var/lib/redis", "--save", "60 1", "--appendonly", "yes"],
    check: ["check", "redis"],
    reload: [],
    chores: [["redis-chores"], ["redis-cli", "config", "set", "maxmemory", "8mb"]],
    paths: [],
  },
  {
    name: "node",
    command: ["node", "/srv/app.js"],
    check: ["check", "http"],
    reload: [],
    chores: [["node", "--check", "/srv/app.js"]],
    paths: ["/", "/work", "/work"],
  },
  {
    name: "python",
    command: ["python3", "/srv/app.py"],
    check: ["check", "http"],
    reload: ["SIGHUP"],
    chores: [["python3", "-c", "import this"]],
    paths: ["/", "/work", "/work"],
  },
];

/** Milliseconds. */
const patience = 60_000;
const port = 8080;

export function ordinaryServices(home: TestHome, guard: GuardProcess): readonly OrdinaryService[] {
  const watched = new Map<string, WatchedInstance>();
  return kinds.map((kind) => openService(home, { kind, guard, watched }));
}

type Part = {
  readonly kind: Kind;
  readonly guard: GuardProcess;
  /** All that runs now, by the service's name: the guard is told of all at once. */
  readonly watched: Map<string, WatchedInstance>;
};

function openService(home: TestHome, { kind, guard, watched }: Part): OrdinaryService {
  const runtime = runcRuntime(home.ctx);
  let address = "";
  const current = (): WatchedInstance => present(watched.get(kind.name), `an instance of ${kind.name}`);
  const execute = async (command: readonly string[]): Promise<void> => {
    await guard.expect({ instance: current().id, command, milliseconds: patience });
    const end = await runtime.execute(current().id, command, { timeout: patience, maxOutput: 10_000 });
    const code = end.status === "exited" ? end.exitCode : end.status;
    assert.equal(code, 0, `${kind.name}: ${command.join(" ")}: ${JSON.stringify(end)}`);
  };
  const untilAnswers = async (): Promise<void> => {
    for (const end = Date.now() + patience; ; await sleep(200)) {
      const isUp = await execute(kind.check).then(
        () => true,
        (error: unknown) => {
          if (Date.now() > end) throw error;
        },
      );
      if (isUp === true) return;
    }
  };
  return {
    name: kind.name,
    id: () => current().id,
    restart: async () => {
      const former = watched.get(kind.name);
      const limits = { memory: 512 * 1024 * 1024, pids: 256, cpus: 2 };
      const spec = await instanceSpec(home.ctx, home.image, { name: kind.name, command: kind.command, limits });
      const started = await runtime.start({ ...spec, port });
      address = present(started.address, "its address");
      const pid = present(started.pid, "its process");
      watched.set(kind.name, watchedInstance(home.ctx, home.image, { id: started.id, pid, service: kind.name }));
      await guard.watch([...watched.values()]);
      if (former !== undefined) await runtime.stop(former.id, { grace: 5000 });
      await untilAnswers();
    },
    check: () => execute(kind.check),
    reload: async () => {
      for (const signal of kind.reload) process.kill(current().pid, signal);
      await untilAnswers();
    },
    work: async () => {
      for (const path of kind.paths) await ask(`http://${address}:${port}${path}`);
      for (const chore of kind.chores) await execute(chore);
    },
    tidy: () => execute(["hourly"]),
  };
}

/** Over the host's network, which is not what is tested here: a connection that is not made is tried again. */
async function ask(url: string): Promise<void> {
  for (const end = Date.now() + patience; ;) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(patience) });
      assert.equal(answer.status, 200, await answer.text());
      return;
    } catch (error) {
      if (!(error instanceof TypeError) || Date.now() > end) throw error;
    }
  }
}
