import assert from "node:assert/strict";
import { test } from "node:test";
import type { Digest } from "../../oci/digest.ts";
import type { InstanceId, InstanceSpec } from "../runtime.ts";
import type { Placement } from "./placement.ts";
import { ociSpec } from "./profile.ts";
import { forbiddenCalls, seccompProfile } from "./seccomp.ts";

const spec: InstanceSpec = {
  id: "web-1" as InstanceId,
  image: `sha256:${"0".repeat(64)}` as Digest,
  command: ["nginx"],
  environment: { PATH: "/usr/bin" },
  workdir: "/",
  user: { uid: 33, gid: 33 },
  writable: [],
  limits: { memory: 2 ** 28, pids: 64, cpus: 0.5 },
};

const place: Placement = {
  rootfs: "/run/ingot/x/instances/web-1/rootfs",
  firstId: 1_000_013_824,
  networkNamespace: "/run/netns/ingot-web-1",
  cgroup: "/ingot/web-1",
  folder: "/run/ingot/x/instances/web-1",
  identityFiles: ["/etc/hosts"],
  tmpfs: [{ path: "/run", size: 4096, uid: 33, gid: 33, mode: 0o755 }],
  files: [{ kind: "secret", path: "/run/secrets/db", source: "/run/ingot/x/instances/web-1/secrets/0" }],
  hasSwapLimit: true,
  mostOpenFiles: 1024,
};

test("every mount but the device nodes' folder and terminals refuses devices, and none executes", () => {
  for (const { destination, options } of ociSpec(spec, place).mounts) {
    assert.ok(options.includes("nosuid") && options.includes("noexec"), destination);
    if (!destination.match(/^\/dev(\/pts)?$/)) assert.ok(options.includes("nodev"), destination);
  }
});

test("the hard limit of open files is never raised", () => {
  const limit = ociSpec(spec, place).process.rlimits.find(({ type }) => type === "RLIMIT_NOFILE");
  assert.deepEqual(limit, { type: "RLIMIT_NOFILE", soft: 1024, hard: 1024 });
});

test("limits are those of the specification, and swap adds nothing", () => {
  const { memory, pids, cpu } = ociSpec(spec, place).linux.resources;
  assert.deepEqual(
    { memory, pids, cpu },
    {
      memory: { limit: 2 ** 28, swap: 2 ** 28 },
      pids: { limit: 64 },
      cpu: { quota: 50_000, period: 100_000 },
    },
  );
});

test("no forbidden call is in the seccomp allow-list, on any architecture", () => {
  for (const architecture of ["x64", "arm64"]) {
    const names = seccompProfile(architecture)
      .syscalls.filter(({ action }) => action === "SCMP_ACT_ALLOW")
      .flatMap((rule) => rule.names);
    assert.deepEqual(
      names.filter((name) => name in forbiddenCalls),
      [],
    );
  }
});

test("no call is in two unconditional groups of the seccomp allow-list, and none is empty", () => {
  const names = seccompProfile("x64")
    .syscalls.filter(({ args }) => args === undefined)
    .flatMap((rule) => rule.names);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.every((name) => /^[a-z0-9_]+$/.test(name)));
});

test("calls that depend on their arguments are never allowed without", () => {
  for (const { names, args, action } of seccompProfile("x64").syscalls) {
    if (action !== "SCMP_ACT_ALLOW" || args !== undefined) continue;
    for (const name of ["clone", "clone3", "socket", "personality", "mknod", "mknodat"])
      assert.ok(!names.includes(name), name);
  }
});
