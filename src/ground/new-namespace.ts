import { closeSync, openSync, writeFileSync } from "node:fs";
import { addressOf, libc, SystemCallError } from "./libc.ts";

/**
 * A new user namespace with this mapping of users and groups (a line of /proc/PID/uid_map), as an open file: the form in which the kernel takes a mapping. Only a new process can
 * enter one, since a process with threads may not; this one shares the memory, so nothing is copied, runs a function of the C library that touches nothing, and is gone before clone(2) returns
 * (CLONE_VFORK). What is left of it until it is waited for names its namespace.
 */
export function openUserNamespace(mapping: string): number {
  const [shareMemory, untilItEnds, newUserNamespace] = [0x100, 0x4000, 0x1000_0000];
  const stack = Buffer.alloc(65_536);
  const top = addressOf(stack) + BigInt(stack.length);
  const { pointer } = libc.getppid as unknown as { readonly pointer: bigint };
  const pid = libc.clone(pointer, top, shareMemory | untilItEnds | newUserNamespace, 0n);
  if (pid < 0) throw new SystemCallError("clone", "user namespace");
  try {
    writeFileSync(`/proc/${pid}/uid_map`, mapping);
    writeFileSync(`/proc/${pid}/gid_map`, mapping);
    return openSync(`/proc/${pid}/ns/user`, "r");
  } finally {
    // It tells nobody of its end (no SIGCHLD, which Node would look at): `anyKind` waits for such a one too.
    const [byNumber, exited, anyKind] = [1, 4, 0x4000_0000];
    libc.waitid(byNumber, pid, Buffer.alloc(128), exited | anyKind);
  }
}

const newNetwork = 0x4000_0000;

/** Calls `work` with this thread in a new network namespace, and takes it back. `work` must not wait for anything: whatever else ran meanwhile would be in there too. */
export function inNewNetwork<T>(work: (namespace: string) => T): T {
  const own = openSync("/proc/thread-self/ns/net", "r");
  try {
    if (libc.unshare(newNetwork) !== 0) throw new SystemCallError("unshare", "network");
    return insideOf(work, own);
  } finally {
    closeSync(own);
  }
}

function insideOf<T>(work: (namespace: string) => T, own: number): T {
  try {
    return work("/proc/thread-self/ns/net");
  } finally {
    goBack(own);
  }
}

function goBack(own: number): void {
  if (libc.setns(own, newNetwork) !== 0) throw new SystemCallError("setns", "network");
}
