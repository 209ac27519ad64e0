import { createHash } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Digest } from "../oci/digest.ts";
import { hexOf } from "../oci/digest.ts";
import type { InstanceId } from "./runtime.ts";

/**
 * Where the runtime keeps what. Durable: `$INGOT_HOME/content` and `$INGOT_HOME/instances`. What means nothing after a restart of the host
 * is below `/run/ingot/HOME`, one folder for each `$INGOT_HOME`; it must be outside of it, since the user namespace of an instance has to
 * pass through every folder above its root file system, and a home may be closed to others.
 */
export type RuntimePaths = ReturnType<typeof runtimePaths>;

export function runtimePaths(givenHome: string) {
  // The same home by another name (a link, a slash at its end) has the same instances: their folder below /run must be the same, too.
  const home = realHome(givenHome);
  const key = createHash("sha256").update(home).digest("hex").slice(0, 12);
  const run = join("/run/ingot", key);
  return {
    run,
    runc: join(run, "runc"),
    contents: join(home, "content"),
    contentMounts: join(run, "content"),
    contentFile: (image: Digest) => join(home, "content", `${hexOf(image)}.erofs`),
    contentRecord: (image: Digest) => join(home, "content", `${hexOf(image)}.json`),
    contentLock: (image: Digest) => join(home, "content", `${hexOf(image)}.lock`),
    contentMount: (image: Digest) => join(run, "content", hexOf(image)),
    instances: join(home, "instances"),
    instance: (id: InstanceId) => join(home, "instances", id),
    state: (id: InstanceId) => join(home, "instances", id, "state.json"),
    end: (id: InstanceId) => join(home, "instances", id, "end.json"),
    log: (id: InstanceId) => join(home, "instances", id, "log"),
    bundles: join(run, "instances"),
    bundle: (id: InstanceId) => join(run, "instances", id),
    locks: join(run, "locks"),
    instanceLock: (id: InstanceId) => join(run, "locks", id),
    // Names that the whole host shares: two homes may have instances of the same id, and removing one must not touch the other.
    hostName: (id: InstanceId) => `${key}-${id}`,
    networkNamespace: (id: InstanceId) => join("/run/netns", `ingot-${key}-${id}`),
    /** Below the root of every cgroup hierarchy. */
    cgroup: (id: InstanceId) => `/ingot/${key}-${id}`,
  } as const;
}

function realHome(home: string): string {
  return existsSync(home) ? realpathSync.native(home) : resolve(home);
}
