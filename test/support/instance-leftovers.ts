import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { readMounts } from "../../src/runtime/mount-table.ts";
import { runtimePaths } from "../../src/runtime/paths.ts";

/** All of the instances of a home that is on the host; other homes have theirs in the same places, and other tests run at the same time. Equal before and after what leaves nothing. */
export function countLeftovers(home: string): unknown {
  const { run, runc, instances, bundles } = runtimePaths(home);
  const key = basename(run);
  const groups = names("/sys/fs/cgroup").flatMap((controller) =>
    names(join("/sys/fs/cgroup", controller, "ingot")).filter((name) => name.startsWith(key)),
  );
  const addresses = names("/run/ingot/cni/ingot").filter((name) => ownerOfAddress(name).startsWith(key));
  return {
    mounts: readMounts().filter(({ target }) => target.startsWith(bundles)).length,
    groups,
    addresses,
    networks: names("/run/netns").filter((name) => name.startsWith(`ingot-${key}`)),
    processes: [...new Set(names("/proc").flatMap((pid) => ownerOf(pid, { key, instances })))].toSorted(),
    files: [instances, runc, bundles, join(run, "locks")].map(names),
  };
}

/** Those of other tests are given back while this one looks. */
function ownerOfAddress(name: string): string {
  try {
    return readFileSync(join("/run/ingot/cni/ingot", name), "utf8");
  } catch {
    return "";
  }
}

/** Whose process it is: of an instance, or the one that writes its log. */
function ownerOf(
  pid: string,
  { key, instances }: { readonly key: string; readonly instances: string },
): readonly string[] {
  if (!/^\d+$/.test(pid)) return [];
  const group = new RegExp(`/ingot/(${key}-[a-z0-9-]+)`).exec(read(`/proc/${pid}/cgroup`))?.[1];
  const log = /^sh\0[\s\S]*\0ingot-log\0([^\0]+)/.exec(read(`/proc/${pid}/cmdline`))?.[1];
  return [group, log?.startsWith(instances) === true ? log : undefined].filter((name) => name !== undefined);
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // A process that ends while it is looked at.
    return "";
  }
}
