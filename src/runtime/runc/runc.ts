import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { IngotError, isErrno } from "../../ground/error.ts";
import type { RuntimePaths } from "../paths.ts";
import type { InstanceId } from "../runtime.ts";
import { lastError } from "./last-error.ts";
import { openGate } from "./open-gate.ts";

/** Makes the container with its first process waiting; `output` becomes its stdout and stderr. Returns that process's id on the host. */
export async function createContainer(paths: RuntimePaths, id: InstanceId, output: number): Promise<number> {
  const bundle = paths.bundle(id);
  const pidFile = join(bundle, "pid");
  await callRunc(paths, id, { args: ["create", "--bundle", bundle, "--pid-file", pidFile, id], output });
  return Number(readFileSync(pidFile, "utf8"));
}

/** What `createContainer` returned, or would have; undefined before there was a process. `bundle`: the instance's folder below /run. */
export function readPidFile(bundle: string): number | undefined {
  const path = join(bundle, "pid");
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Lets the waiting process execute the instance's command. */
export async function startContainer(paths: RuntimePaths, id: InstanceId): Promise<void> {
  const gate = join(paths.runc, id, "exec.fifo");
  if (existsSync(gate)) await openGate(gate, id);
  else await callRunc(paths, id, { args: ["start", id] });
}

/** Kills everything in the container and removes its cgroups; what is gone already is no error. */
export async function deleteContainer(paths: RuntimePaths, id: InstanceId): Promise<void> {
  if (!existsSync(join(paths.runc, id))) return;
  await callRunc(paths, id, { args: ["delete", "--force", id] });
}

/** Removes what runc keeps of a container of which nothing else is left: `runc delete` waits for a tenth of a second, always. */
export function forgetContainer(paths: RuntimePaths, id: InstanceId): void {
  rmSync(join(paths.runc, id), { recursive: true, force: true });
}

export type Execution = {
  /** Has `process.json`, what to execute (config.md of the runtime specification, `process`); gets `pid`. */
  readonly folder: string;
  /** A group below the container's, as `runc exec --cgroup` has it. */
  readonly group: string;
  readonly output: number;
};

/**
 * Executes one more program in a container and returns its id on the host once it runs; it becomes a child of whoever adopts orphans. runc joins the user namespace first and may then not
 * join the network, which the host's owns: so runc is started in that network, from a copy of the container's state that does not name one. The verification sees that nothing is missing.
 */
export async function executeInContainer(paths: RuntimePaths, id: InstanceId, execution: Execution): Promise<number> {
  const { folder, group, output } = execution;
  const root = join(folder, "runc");
  mkdirSync(join(root, id), { recursive: true, mode: 0o700 });
  writeFileSync(
    join(root, id, "state.json"),
    withoutNetwork(readFileSync(join(paths.runc, id, "state.json"), "utf8")),
    { mode: 0o600 },
  );
  const files = ["--process", join(folder, "process.json"), "--pid-file", join(folder, "pid")];
  const args = ["exec", "--detach", "--cgroup", group, ...files, id];
  const network = paths.networkNamespace(id);
  await callRunc(paths, id, { args, output, root, network, log: join(folder, "runc.log") });
  return Number(readFileSync(join(folder, "pid"), "utf8"));
}

/** `state`: as runc keeps it of a container. */
function withoutNetwork(state: string): string {
  const parsed = JSON.parse(state) as {
    readonly config: { readonly namespaces: readonly { readonly type: string }[] };
  };
  const namespaces = parsed.config.namespaces.filter(({ type }) => type !== "NEWNET");
  return JSON.stringify({ ...parsed, config: { ...parsed.config, namespaces } });
}

type RuncCall = {
  readonly args: readonly string[];
  readonly output?: number;
  readonly log?: string;
  /** Where runc keeps its state. */
  readonly root?: string;
  /** The network namespace that runc itself is started in; absent: the host's. */
  readonly network?: string;
};

/** runc's own messages go to a file: its stdout and stderr are the instance's. */
async function callRunc(paths: RuntimePaths, id: InstanceId, call: RuncCall): Promise<void> {
  const { args, output, network, root = paths.runc, log = join(paths.bundle(id), "runc.log") } = call;
  mkdirSync(paths.bundle(id), { recursive: true, mode: 0o711 });
  const all = ["runc", "--root", root, "--log", log, "--log-format", "json", ...args];
  const code = await exitCodeOf(network === undefined ? all : ["nsenter", `--net=${network}`, ...all], output);
  if (code === 0) return;
  throw new IngotError(
    "instance-start-failed",
    `runc ${args[0]} failed for ${id}: ${lastError(log) ?? `exit code ${code}`}`,
    {
      hint: "the command of the image may be missing or not executable",
    },
  );
}

function exitCodeOf([program = "", ...args]: readonly string[], output: number | undefined): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const target = output ?? "ignore";
  // Nothing else of the environment: NOTIFY_SOCKET and LISTEN_FDS, which a service manager sets, would make runc add mounts and files of the host.
  const env = { PATH: process.env.PATH };
  const child = spawn(program, args, { stdio: ["ignore", target, target], env });
  child.on("error", (error) => reject(isErrno(error, "ENOENT") ? runcMissing(error) : error));
  // Not "close": the instance keeps the output open for as long as it lives.
  child.on("exit", (code) => resolve(code ?? 1));
  return promise;
}

function runcMissing(cause: Error): IngotError {
  return new IngotError("command-missing", "the program runc is not installed", {
    hint: "apt-get install runc",
    cause,
  });
}
