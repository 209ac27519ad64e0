import { closeSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { mount, mountFlags, unmount } from "../../ground/libc.ts";
import { openNetlink } from "../../ground/netlink.ts";
import { inNewNetwork } from "../../ground/new-namespace.ts";
import { mountsAt } from "../mount-table.ts";
import { raiseLoopback } from "./interfaces.ts";

/** Whether `ip netns add` was there once: it makes the folder a mount that tells other mount namespaces of what is mounted and unmounted in it. */
export function isNamespaceFolderReady(path: string): boolean {
  isReady ||= mountsAt(dirname(path)).length > 0;
  return isReady;
}

let isReady = false;

/**
 * Makes a network namespace with the name `path`, owned by the host's user namespace, so that even a root of the instance with capabilities could not change it. The port sysctl
 * lets an unprivileged user listen on 80: inside its own namespace a low port is no privilege. Returns a netlink socket that was opened in it.
 */
export function makeNamespace(path: string): number {
  writeFileSync(path, "", { flag: "wx", mode: 0o444 });
  return inNewNetwork((own) => {
    mount(own, path, { flags: mountFlags.bind });
    writeFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    writeFileSync("/proc/sys/net/ipv4/conf/default/arp_notify", "1");
    const inside = openNetlink();
    try {
      raiseLoopback(inside);
      return inside;
    } catch (error) {
      closeSync(inside);
      throw error;
    }
  });
}

/** Its interfaces go with it, as soon as no process is in it. What is gone already is no error. */
export function removeNamespace(path: string): void {
  if (!existsSync(path)) return;
  // A file whose mount was never made is left by a crash, or after a restart of the host.
  for (const { target } of mountsAt(path)) unmount(target, { detach: true });
  rmSync(path, { force: true });
}
