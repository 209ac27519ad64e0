import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { unmount } from "../../src/ground/libc.ts";
import { processContext } from "../../src/ground/context.ts";
import { readMounts } from "../../src/runtime/mount-table.ts";
import { runtimePaths } from "../../src/runtime/paths.ts";
import { identifyProcess } from "../../src/runtime/process-identity.ts";
import { runcRuntime } from "../../src/runtime/runc/runc-driver.ts";
import { countLeftovers } from "./instance-leftovers.ts";

/** All of a home that is on the host: of its instances, and the proxies of their services. Interfaces are those of this network namespace. */
export function countFleet(home: string): unknown {
  const { run } = runtimePaths(home);
  const interfaces = readFileSync("/proc/self/net/dev", "utf8").match(/veth\w+/g) ?? [];
  return {
    instances: countLeftovers(home),
    mounts: readMounts().filter(({ target }) => target.startsWith(`${run}/`)).length,
    interfaces,
    proxies: proxiesOf(home).length,
    programs: processesWith(run).length,
  };
}

/** The numbers of the HAProxy processes of a home. */
export function proxiesOf(home: string): readonly number[] {
  const folder = join(runtimePaths(home).run, "traffic");
  return processesWith(folder).filter((pid) => read(`/proc/${pid}/comm`).trim() === "haproxy");
}

/** What a restart takes of a home whose controller has ended: processes, cgroups, mounts, networks with their addresses, and all below /run. */
export async function loseAllButTheDisk(home: string): Promise<void> {
  const paths = runtimePaths(home);
  const killed = [...proxiesOf(home)];
  for (const pid of killed) process.kill(pid, "SIGKILL");
  for (const { id, pid } of await runcRuntime(processContext({ home })).list()) {
    if (pid !== undefined) {
      process.kill(pid, "SIGKILL");
      while (identifyProcess(pid) !== undefined) await sleep(10);
      execFileSync("runc", ["--root", paths.runc, "delete", "--force", id]);
    }
    execFileSync("ip", ["netns", "delete", `ingot-${paths.hostName(id)}`]);
    for (const name of readdirSync("/run/ingot/cni/ingot")) {
      const path = join("/run/ingot/cni/ingot", name);
      if (read(path).startsWith(paths.hostName(id))) rmSync(path);
    }
  }
  for (const pid of killed) while (identifyProcess(pid) !== undefined) await sleep(10);
  const mounts = readMounts().filter(({ target }) => target.startsWith(`${paths.run}/`));
  for (const { target } of mounts.toReversed()) unmount(target, { detach: true });
  rmSync(paths.run, { recursive: true });
}

function processesWith(text: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/cmdline`).includes(text))
    .map(Number);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // What ends while it is looked at.
    return "";
  }
}
