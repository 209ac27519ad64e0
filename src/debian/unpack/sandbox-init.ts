/**
 * The first process of a sandbox: PID 1 of its own pid and mount namespaces, started by `sandbox.ts`. It makes the image its root, forgets the
 * host's file systems, and runs commands that come over the IPC channel. It is small, so that starting a process costs it a millisecond.
 * Maintainer scripts are root in here and could take it over: it holds nothing but the channel, and the other end trusts nothing it says.
 */
import { flushCompileCache } from "node:module";
import { spawn, type ChildProcess } from "node:child_process";
import {
  closeSync,
  constants,
  mkdirSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { closeFilesOnExec, dropCapability, filterSystemCalls, pivotRoot } from "../../ground/confine-process.ts";
import { mount, mountFlags, reapOrphan, setHostName } from "../../ground/libc.ts";
import { refusedCallsFilter } from "./refused-calls.ts";
import type { SandboxCommand, SandboxMessage, SandboxOrder } from "./sandbox.ts";

const output = "/dev/.output";

function main(root: string): void {
  process.umask(0o022);
  setHostName("localhost");
  mount(root, root, { flags: mountFlags.bind });
  mountDevices(`${root}/dev`);
  const closed = mountFlags.noSuid | mountFlags.noDev | mountFlags.noExec;
  mount("proc", `${root}/proc`, { type: "proc", flags: closed });
  closeKernelInterfaces(`${root}/proc`);
  // While the cache's folder can still be reached.
  flushCompileCache();
  pivotRoot(root);
  closeFilesOnExec();
  filterSystemCalls(refusedCallsFilter());
  for (const capability of Object.values(withheld)) dropCapability(capability);
  // A script that waits for its daemon to be gone would wait for ever while nobody takes note of the daemon's end.
  process.on("SIGCHLD", reapOrphans);
  process.on("disconnect", () => process.exit(0));
  process.on("message", (order: SandboxOrder) => ("end" in order ? endAll() : void run(order)));
  send({ kind: "ready" });
}

/**
 * Files of /proc/sys ask for the number 0, not for a capability: where root casts, root in here has that number, and could set the host's
 * `kernel.core_pattern`. So they are read-only; without CAP_SYS_ADMIN nobody can undo it, and without more user namespaces nobody gets it back.
 */
function closeKernelInterfaces(proc: string): void {
  writeFileSync(`${proc}/sys/user/max_user_namespaces`, "0");
  for (const name of readdirSync(proc)) {
    const path = `${proc}/${name}`;
    const stat = lstatSync(path);
    const isKernels = !/^[0-9]+$/.test(name) && (stat.isDirectory() || (stat.isFile() && (stat.mode & 0o222) !== 0));
    if (isKernels) mountReadOnly(path, mountFlags.noSuid | mountFlags.noDev | mountFlags.noExec);
  }
}

/** Puts a read-only mount of a path over itself, or of `source` over it. */
function mountReadOnly(path: string, flags: number, source = path): void {
  mount(source, path, { flags: mountFlags.bind });
  mount("", path, { flags: flags | mountFlags.bind | mountFlags.remount | mountFlags.readOnly });
}

/** What no maintainer script needs: mounting, tracing PID 1, and what a user namespace makes void anyway (linux/capability.h). */
const withheld = {
  sysModule: 16,
  sysRawio: 17,
  sysPtrace: 19,
  sysAdmin: 21,
  sysBoot: 22,
  sysResource: 24,
  sysTime: 25,
} as const;

/**
 * Device nodes cannot be made in a user namespace, only borrowed one by one; the host's other devices stay out of reach. They are the host's own inodes:
 * on a read-only mount they can be read and written, but where root casts, `chmod 0 /dev/null` would else be felt by the whole host.
 */
function mountDevices(dev: string): void {
  mount("tmpfs", dev, { type: "tmpfs", flags: mountFlags.noSuid, data: "mode=0755,size=64m" });
  for (const name of ["null", "zero", "full", "random", "urandom", "tty"]) {
    closeSync(openSync(`${dev}/${name}`, "w", 0o666));
    mountReadOnly(`${dev}/${name}`, mountFlags.noSuid | mountFlags.noExec, `/dev/${name}`);
  }
  for (const name of ["pts", "shm"]) mkdirSync(`${dev}/${name}`);
  mount("devpts", `${dev}/pts`, { type: "devpts", data: "newinstance,ptmxmode=0666,mode=0620" });
  mount("tmpfs", `${dev}/shm`, {
    type: "tmpfs",
    flags: mountFlags.noSuid | mountFlags.noDev,
    data: "mode=1777,size=64m",
  });
  const links = { ptmx: "pts/ptmx", fd: "/proc/self/fd", stdin: "fd/0", stdout: "fd/1", stderr: "fd/2" };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, `${dev}/${name}`);
}

let running: ChildProcess | undefined;

async function run(command: SandboxCommand): Promise<void> {
  writeFileSync(output, "");
  // One file for both: the lines stay in the order they were written in.
  const file = openSync(output, constants.O_WRONLY | constants.O_APPEND);
  const [program = "", ...args] = command.argv;
  const child = spawn(program, args, { env: { ...command.env }, cwd: "/", stdio: ["ignore", file, file, "pipe"] });
  running = child;
  preferForOutOfMemory(child.pid);
  closeSync(file);
  child.stdio[3]?.on("data", (chunk: Buffer) => send({ kind: "status", text: chunk.toString("utf8") }));
  const code = await ended(child);
  send({ kind: "ended", code, output: readFileSync(output, "utf8") });
}

/** Where memory runs out, the kernel ends a script, and not this process or the one that makes the layers. Whoever the script starts has it from there. */
function preferForOutOfMemory(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, "1000");
  } catch {
    // It has ended.
  }
}

function ended(child: ChildProcess): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  child.on("error", () => resolve(127));
  // A daemon that a script left behind holds the pipe open: only without it "close" comes, with all that was reported.
  child.on("exit", killAll);
  child.on("close", (code, signal) => resolve(signal === null ? (code ?? 1) : 128));
  return promise;
}

/** The command's own end, which comes next, is told as always. */
function endAll(): void {
  try {
    process.kill(-1, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}

/**
 * Ends what a command left running, and waits until it is gone: a system call that was under way is finished first, and a rename that ends later would
 * fall between the unpacker's checks. From PID 1, -1 means everyone else in the namespace.
 */
function killAll(): void {
  running = undefined;
  try {
    process.kill(-1, "SIGKILL");
  } catch {
    // ESRCH: nobody is left, which is what we want.
  }
  while (reapOrphan({ block: true }));
}

function reapOrphans(): void {
  while (reapOrphan({ except: running?.pid }));
}

function send(message: SandboxMessage): void {
  process.send?.(message);
}

main(process.argv[2] ?? "");
