import { libc, SystemCallError } from "./libc.ts";

/** A socket to the kernel's network configuration (rtnetlink(7)) of the network namespace that this thread is in. */
export function openNetlink(): number {
  const [netlink, rawAndCloseOnExec, route] = [16, 3 | 0o2000000, 0];
  const file = libc.socket(netlink, rawAndCloseOnExec, route);
  if (file < 0) throw new SystemCallError("socket", "netlink");
  return file;
}

/** Sends one request and returns what the kernel answers, which it has done when sending returns. */
export function askNetlink(file: number, request: Buffer): Buffer {
  if (libc.send(file, request, BigInt(request.length), 0) < 0n) throw new SystemCallError("send", "netlink");
  const answer = Buffer.alloc(32_768);
  const length = Number(libc.recv(file, answer, BigInt(answer.length), 0));
  if (length < 0) throw new SystemCallError("recv", "netlink");
  return answer.subarray(0, length);
}
