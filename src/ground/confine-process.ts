import { addressOf, libc, SystemCallError, unmount } from "./libc.ts";

/**
 * Makes the mount at `root` the root of this mount namespace and detaches the former one, with everything that was mounted in it: no path leads
 * back there, unlike with chroot(2), which root can leave (pivot_root(2), "pivot_root(".", ".")"). Only x86-64 knows the call by this number.
 */
export function pivotRoot(root: string): void {
  const pivotRootNumber = 155n;
  process.chdir(root);
  if (libc.syscall(pivotRootNumber, ".", ".") !== 0n) throw new SystemCallError("pivot_root", root);
  unmount(".", { detach: true });
  process.chdir("/");
}

/** Takes a capability (linux/capability.h) from this thread's bounding set: no program that it starts from now on can have it. */
export function dropCapability(number: number): void {
  const dropFromBoundingSet = 24;
  if (libc.prctl(dropFromBoundingSet, BigInt(number), 0n, 0n, 0n) !== 0)
    throw new SystemCallError("prctl", `capability ${number}`);
}

/**
 * Lets no open file but the three standard streams go on to the programs that this process starts. Node does so for the low numbers only: what the
 * caller's shell had open at 200, a folder of the host perhaps, would be open in them too.
 */
export function closeFilesOnExec(): void {
  const closeOnExecFlag = 4;
  if (libc.close_range(3, 0xffff_ffff, closeOnExecFlag) !== 0) throw new SystemCallError("close_range", "3");
}

/** Puts a seccomp filter (classic BPF, eight bytes an instruction) on this thread and all that it starts. Needs CAP_SYS_ADMIN in its user namespace. */
export function filterSystemCalls(program: Buffer): void {
  const [setSeccomp, filterMode] = [22, 2n];
  // struct sock_fprog: the number of instructions, padding, their address.
  const description = Buffer.alloc(16);
  description.writeUInt16LE(program.length / 8, 0);
  description.writeBigUInt64LE(addressOf(program), 8);
  if (libc.prctl(setSeccomp, filterMode, addressOf(description), 0n, 0n) !== 0)
    throw new SystemCallError("prctl", "seccomp");
}
