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
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dropCapability, mount, mountFlags, pivotRoot, setHostName } from "../../ground/libc.ts";
import type { SandboxCommand, SandboxMessage } from "./sandbox.ts";

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
  for (const capability of Object.values(withheld)) dropCapability(capability);
  process.on("disconnect", () => process.exit(0));
  process.on("message", (command: SandboxCommand) => void run(command));
  send({ kind: "ready" });
}

/**
 * Files of /proc/sys ask for the number 0, not for a capability: where root casts, root in here has that number, and could set the host's
 * `kernel.core_pattern`. So they are read-only; without CAP_SYS_ADMIN nobody can undo it, and without more user namespaces nobody gets it back.
 */
function closeKernelInterfaces(proc: string): void {
  writeFileSync(`${proc}/sys/user/max_user_namespaces`, "0");
  const flags = mountFlags.bind | mountFlags.noSuid | mountFlags.noDev | mountFlags.noExec;
  for (const name of ["sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi"]) {
    const path = `${proc}/${name}`;
    if (!existsSync(path)) continue;
    mount(path, path, { flags: mountFlags.bind });
    mount("", path, { flags: flags | mountFlags.remount | mountFlags.readOnly });
  }
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

/** Device nodes cannot be made in a user namespace, only borrowed one by one; the host's other devices stay out of reach. */
function mountDevices(dev: string): void {
  mount("tmpfs", dev, { type: "tmpfs", flags: mountFlags.noSuid, data: "mode=0755,size=64m" });
  for (const name of ["null", "zero", "full", "random", "urandom", "tty"]) {
    closeSync(openSync(`${dev}/${name}`, "w", 0o666));
    mount(`/dev/${name}`, `${dev}/${name}`, { flags: mountFlags.bind });
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

async function run(command: SandboxCommand): Promise<void> {
  writeFileSync(output, "");
  // One file for both: the lines stay in the order they were written in.
  const file = openSync(output, constants.O_WRONLY | constants.O_APPEND);
  const [program = "", ...args] = command.argv;
  const child = spawn(program, args, { env: { ...command.env }, cwd: "/", stdio: ["ignore", file, file, "pipe"] });
  closeSync(file);
  child.stdio[3]?.on("data", (chunk: Buffer) => send({ kind: "status", text: chunk.toString("utf8") }));
  const code = await ended(child);
  send({ kind: "ended", code, output: readFileSync(output, "utf8") });
}

function ended(child: ChildProcess): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  child.on("error", () => resolve(127));
  // A daemon that a script left behind holds the pipe open: only without it "close" comes, with all that was reported.
  child.on("exit", killAll);
  child.on("close", (code, signal) => resolve(signal === null ? (code ?? 1) : 128));
  return promise;
}

/** Ends what a command left running. From PID 1, -1 means everyone else in the namespace. */
function killAll(): void {
  try {
    process.kill(-1, "SIGKILL");
  } catch {
    // ESRCH: nobody is left, which is what we want.
  }
}

function send(message: SandboxMessage): void {
  process.send?.(message);
}

main(process.argv[2] ?? "");
