import { closeSync } from "node:fs";
import { dlopen, getInt32, getRawPointer } from "node:ffi";
import { constants } from "node:os";

/**
 * The system calls that Node lacks. `node:ffi` is experimental, so this is the one file that uses it; Ingot pins the Node that it runs on.
 * Every function throws a `SystemCallError` with the errno's name (`EPERM`, `EBUSY` …).
 */
export const libc = dlopen("libc.so.6", {
  __errno_location: { arguments: [], return: "pointer" },
  mount: { arguments: ["string", "string", "string", "u64", "string"], return: "i32" },
  umount2: { arguments: ["string", "i32"], return: "i32" },
  flock: { arguments: ["i32", "i32"], return: "i32" },
  lgetxattr: { arguments: ["string", "string", "buffer", "u64"], return: "i64" },
  lsetxattr: { arguments: ["string", "string", "buffer", "u64", "i32"], return: "i32" },
  llistxattr: { arguments: ["string", "buffer", "u64"], return: "i64" },
  syscall: { arguments: ["i64", "string", "string"], return: "i64" },
  sethostname: { arguments: ["string", "u64"], return: "i32" },
  prctl: { arguments: ["i32", "u64", "u64", "u64", "u64"], return: "i32" },
  mknod: { arguments: ["string", "u32", "u64"], return: "i32" },
  close_range: { arguments: ["u32", "u32", "i32"], return: "i32" },
  waitid: { arguments: ["i32", "u32", "buffer", "i32"], return: "i32" },
  sched_setscheduler: { arguments: ["i32", "i32", "buffer"], return: "i32" },
  epoll_create1: { arguments: ["i32"], return: "i32" },
  epoll_ctl: { arguments: ["i32", "i32", "i32", "buffer"], return: "i32" },
  epoll_wait: { arguments: ["i32", "buffer", "i32", "i32"], return: "i32" },
  read: { arguments: ["i32", "buffer", "u64"], return: "i64" },
  clone: { arguments: ["u64", "u64", "i32", "u64"], return: "i32" },
  getppid: { arguments: [], return: "i32" },
  unshare: { arguments: ["i32"], return: "i32" },
  setns: { arguments: ["i32", "i32"], return: "i32" },
  socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
  send: { arguments: ["i32", "buffer", "u64", "i32"], return: "i64" },
  recv: { arguments: ["i32", "buffer", "u64", "i32"], return: "i64" },
}).functions;

/** Where a buffer lies. It must be held as long as that is used. */
export function addressOf(buffer: Buffer): bigint {
  return getRawPointer(buffer);
}

/** Error numbers that Node's own table lacks. */
const unnamed: ReadonlyMap<number, string> = new Map([[15, "ENOTBLK"]]);

export class SystemCallError extends Error {
  readonly code: string;
  /** `errno`: where it was not the C library that was told of it. */
  constructor(call: string, subject: string, errno: number = getInt32(libc.__errno_location())) {
    const code =
      Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ??
      unnamed.get(errno) ??
      `errno ${errno}`;
    super(`${code}: ${call} ${subject}`);
    this.name = "SystemCallError";
    this.code = code;
  }
}

/** Flags of mount(2), from linux/mount.h. */
export const mountFlags = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  remount: 32,
  bind: 4096,
  recursive: 16384,
  private: 1 << 18,
} as const;

export type MountOptions = { readonly type?: string; readonly flags?: number; readonly data?: string };

export function mount(source: string, target: string, options: MountOptions = {}): void {
  const { type = "", flags = 0, data = "" } = options;
  if (libc.mount(source, target, type, BigInt(flags), data) !== 0) throw new SystemCallError("mount", target);
}

/** Unmounts; `detach` also when it is busy (the mount goes when its last user does). */
export function unmount(target: string, options: { detach?: boolean } = {}): void {
  const lazy = 2;
  if (libc.umount2(target, options.detach ? lazy : 0) !== 0) throw new SystemCallError("umount", target);
}

/**
 * Waits for the end of a child that Node did not start: one that lost its parent, in a process that is PID 1. `except`: the child that Node waits for
 * itself. Without `block`, only what has ended. False when there is none.
 */
export function reapOrphan(options: { except?: number | undefined; block?: boolean }): boolean {
  const [anyChild, byNumber] = [0, 1];
  const [noHang, exited, leaveWaitable] = [1, 4, 0x0100_0000];
  const information = Buffer.alloc(128);
  const hang = options.block ? 0 : noHang;
  if (libc.waitid(anyChild, 0, information, exited | leaveWaitable | hang) !== 0) {
    const error = new SystemCallError("waitid", "any child");
    if (error.code === "ECHILD") return false;
    throw error;
  }
  const pid = information.readInt32LE(pidOfSignalInformation);
  if (pid === 0 || pid === options.except) return false;
  return libc.waitid(byNumber, pid, information, exited) === 0;
}

/** How a child ended: by exit code, or by the number of a signal. */
export type ChildEnd = { readonly exitCode: number; readonly signal?: number };

/** Whether this process becomes the parent of descendants whose parent ends, in the place of PID 1. Their end must then be read by `readChildEnd`. */
export function adoptOrphans(isParent: boolean): void {
  const setChildSubreaper = 36;
  if (libc.prctl(setChildSubreaper, isParent ? 1n : 0n, 0n, 0n, 0n) !== 0)
    throw new SystemCallError("prctl", "orphans");
}

/** The end of a child that Node did not start; undefined while it lives. */
export function readChildEnd(pid: number): ChildEnd | undefined {
  const [byNumber, noHang, exited] = [1, 1, 4];
  const information = Buffer.alloc(128);
  if (libc.waitid(byNumber, pid, information, exited | noHang) !== 0) throw new SystemCallError("waitid", String(pid));
  if (information.readInt32LE(pidOfSignalInformation) === 0) return undefined;
  // si_code is CLD_EXITED, si_status the exit code or the signal.
  const [code, status] = [information.readInt32LE(8), information.readInt32LE(24)];
  return code === 1 ? { exitCode: status } : { exitCode: 128 + status, signal: status };
}

/** For `process-file.ts`. Opened when first needed: glibc has the first since 2.36. */
export function processCalls(): ReturnType<typeof openProcessCalls> {
  openedProcessCalls ??= openProcessCalls();
  return openedProcessCalls;
}

let openedProcessCalls: ReturnType<typeof openProcessCalls> | undefined;

function openProcessCalls() {
  return dlopen("libc.so.6", {
    pidfd_open: { arguments: ["i32", "u32"], return: "i32" },
    ioctl: { arguments: ["i32", "u64", "buffer"], return: "i32" },
  }).functions;
}

/** Offset of si_pid in siginfo_t on 64-bit Linux. */
const pidOfSignalInformation = 16;

/** Sets the host name of this UTS namespace; ASCII. */
export function setHostName(name: string): void {
  if (libc.sethostname(name, BigInt(name.length)) !== 0) throw new SystemCallError("sethostname", name);
}

/** Takes an exclusive flock on an open file; false when another process holds it. */
export function tryLock(fileDescriptor: number): boolean {
  const exclusiveNonBlocking = 2 | 4;
  if (libc.flock(fileDescriptor, exclusiveNonBlocking) === 0) return true;
  const error = new SystemCallError("flock", String(fileDescriptor));
  if (error.code === "EAGAIN" || error.code === "EWOULDBLOCK") return false;
  throw error;
}

/** Makes a device or fifo; `mode` includes the type bits, `device` is the kernel's dev_t. */
export function makeNode(path: string, mode: number, device: bigint): void {
  if (libc.mknod(path, mode, device) !== 0) throw new SystemCallError("mknod", path);
}

/**
 * Mounts a copy of the mount at `source` on `target`, with owners shifted: id n of the file system shows as the id that the user namespace
 * `userNamespace` (an open /proc/PID/ns/user) maps n to. Linux 5.12, and a file system that allows it (EROFS: 5.19, squashfs: 6.2).
 */
export function mountIdMapped(source: string, target: string, options: { userNamespace: number; flags: number }): void {
  const calls = mountCalls();
  const tree = calls.open_tree(atCurrentFolder, source, openTreeClone | closeOnExec);
  if (tree < 0) throw new SystemCallError("open_tree", source);
  try {
    const attributes = Buffer.alloc(32);
    attributes.writeBigUInt64LE(BigInt(mountAttributeIdMap | options.flags), 0);
    attributes.writeBigUInt64LE(BigInt(options.userNamespace), 24);
    if (calls.mount_setattr(tree, "", emptyPath, attributes, 32n) !== 0) {
      throw new SystemCallError("mount_setattr", source);
    }
    if (calls.move_mount(tree, "", atCurrentFolder, target, moveEmptySource) !== 0) {
      throw new SystemCallError("move_mount", target);
    }
  } finally {
    closeSync(tree);
  }
}

const atCurrentFolder = -100;
const openTreeClone = 1;
const closeOnExec = 0o2000000;
const emptyPath = 0x1000;
const moveEmptySource = 4;
const mountAttributeIdMap = 0x100000;

/** Opened when first needed: glibc has these wrappers since 2.36, and only the runtime wants them. */
function mountCalls(): ReturnType<typeof openMountCalls> {
  openedMountCalls ??= openMountCalls();
  return openedMountCalls;
}

let openedMountCalls: ReturnType<typeof openMountCalls> | undefined;

function openMountCalls() {
  return dlopen("libc.so.6", {
    open_tree: { arguments: ["i32", "string", "u32"], return: "i32" },
    mount_setattr: { arguments: ["i32", "string", "u32", "buffer", "u64"], return: "i32" },
    move_mount: { arguments: ["i32", "string", "i32", "string", "u32"], return: "i32" },
  }).functions;
}

/** A set of open files to wait on (epoll(7)); files may be added and removed from any thread while another waits. Close it with `closeSync`. */
export function openWaitSet(): number {
  const set = libc.epoll_create1(closeOnExec);
  if (set < 0) throw new SystemCallError("epoll_create1", "");
  return set;
}

/** `data`: something can be read. `change`: what the kernel tells by POLLPRI, such as a mount table that changed (proc_pid_mountinfo(5)), which can always be read. */
export function addToWaitSet(set: number, file: number, awaited: "data" | "change"): void {
  const [readable, urgent] = [1, 2];
  changeWaitSet(set, file, { operation: 1, events: awaited === "data" ? readable : urgent });
}

export function removeFromWaitSet(set: number, file: number): void {
  changeWaitSet(set, file, { operation: 2, events: 0 });
}

function changeWaitSet(set: number, file: number, change: { operation: number; events: number }): void {
  // struct epoll_event is packed on x86-64: the events, then eight bytes that come back.
  const event = Buffer.alloc(12);
  event.writeUInt32LE(change.events, 0);
  event.writeUInt32LE(file, 4);
  if (libc.epoll_ctl(set, change.operation, file, event) !== 0) throw new SystemCallError("epoll_ctl", String(file));
}

/** Blocks this thread until files of the set are ready, at most `milliseconds`; returns them. For a thread that has nothing else to do. */
export function waitForFiles(set: number, milliseconds: number): number[] {
  const events = Buffer.alloc(64 * 12);
  const count = libc.epoll_wait(set, events, 64, milliseconds);
  // EINTR is no failure: the caller waits again.
  return Array.from({ length: Math.max(count, 0) }, (_, index) => events.readUInt32LE(index * 12 + 4));
}

/** Reads without waiting from a file that was opened with O_NONBLOCK; 0 where nothing is there, which `readSync` throws an error for, at ten times the price. */
export function readReady(file: number, buffer: Buffer): number {
  const count = Number(libc.read(file, buffer, BigInt(buffer.length)));
  if (count >= 0) return count;
  const error = new SystemCallError("read", String(file));
  if (error.code === "EAGAIN" || error.code === "EINTR" || error.code === "EBUSY") return 0;
  throw error;
}

/**
 * Lets this thread run before every ordinary one (SCHED_RR, sched(7)), but none that it starts. False where the host does not allow it. For what must see a thing before it is gone, and sleeps otherwise: the kernel
 * keeps a twentieth of each processor for the others.
 */
export function runFirst(): boolean {
  const [roundRobin, resetOnFork] = [2, 0x4000_0000];
  const parameters = Buffer.alloc(4);
  parameters.writeInt32LE(1);
  return libc.sched_setscheduler(0, roundRobin | resetOnFork, parameters) === 0;
}
