import { dlopen, getInt32 } from "node:ffi";
import { constants } from "node:os";

/**
 * The system calls that Node lacks. `node:ffi` is experimental, so this is the one file that uses it; Ingot pins the Node that it runs on.
 * Every function throws a `SystemCallError` with the errno's name (`EPERM`, `EBUSY` …).
 */
const libc = dlopen("libc.so.6", {
  __errno_location: { arguments: [], return: "pointer" },
  mount: { arguments: ["string", "string", "string", "u64", "string"], return: "i32" },
  umount2: { arguments: ["string", "i32"], return: "i32" },
  flock: { arguments: ["i32", "i32"], return: "i32" },
  lgetxattr: { arguments: ["string", "string", "buffer", "u64"], return: "i64" },
  lsetxattr: { arguments: ["string", "string", "buffer", "u64", "i32"], return: "i32" },
  llistxattr: { arguments: ["string", "buffer", "u64"], return: "i64" },
  mknod: { arguments: ["string", "u32", "u64"], return: "i32" },
}).functions;

export class SystemCallError extends Error {
  readonly code: string;
  constructor(call: string, subject: string) {
    const errno = getInt32(libc.__errno_location());
    const code = Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
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

/** Takes an exclusive flock on an open file; false when another process holds it. */
export function tryLock(fileDescriptor: number): boolean {
  const exclusiveNonBlocking = 2 | 4;
  if (libc.flock(fileDescriptor, exclusiveNonBlocking) === 0) return true;
  const error = new SystemCallError("flock", String(fileDescriptor));
  if (error.code === "EAGAIN" || error.code === "EWOULDBLOCK") return false;
  throw error;
}

/** All extended attributes of a path itself (links are not followed); empty where the file system has none. */
export function readXattrs(path: string): ReadonlyMap<string, Buffer> {
  const names = Buffer.alloc(65_536);
  const length = Number(libc.llistxattr(path, names, BigInt(names.length)));
  if (length < 0) {
    const error = new SystemCallError("llistxattr", path);
    if (error.code === "ENOTSUP" || error.code === "EOPNOTSUPP") return new Map();
    throw error;
  }
  const list = names.toString("utf8", 0, length).split("\0").filter(Boolean).toSorted();
  return new Map(list.map((name) => [name, readXattr(path, name)]));
}

function readXattr(path: string, name: string): Buffer {
  const value = Buffer.alloc(65_536);
  const length = Number(libc.lgetxattr(path, name, value, BigInt(value.length)));
  if (length < 0) throw new SystemCallError("lgetxattr", `${path} ${name}`);
  return Buffer.from(value.subarray(0, length));
}

export function writeXattr(path: string, name: string, value: Buffer): void {
  if (libc.lsetxattr(path, name, value, BigInt(value.length), 0) !== 0)
    throw new SystemCallError("lsetxattr", `${path} ${name}`);
}

/** Makes a device or fifo; `mode` includes the type bits, `device` is the kernel's dev_t. */
export function makeNode(path: string, mode: number, device: bigint): void {
  if (libc.mknod(path, mode, device) !== 0) throw new SystemCallError("mknod", path);
}
