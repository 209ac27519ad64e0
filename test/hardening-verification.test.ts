import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { IngotError } from "../src/ground/error.ts";
import { useContent } from "../src/runtime/content/content.ts";
import { instanceSpec } from "../src/runtime/image-instance.ts";
import { readMounts } from "../src/runtime/mount-table.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import type { CapabilitySet, OciMount, OciSpec } from "../src/runtime/profile/oci-spec.ts";
import type { SeccompProfile } from "../src/runtime/profile/seccomp.ts";
import { runcRuntime } from "../src/runtime/runc/runc-driver.ts";
import { makeTestHome, whyNoInstances, type TestHome } from "./support/runtime-image.ts";
import { removeTestHome } from "./support/stop-instances.ts";

type Mutation = {
  /** What the profile lacks, as the test's name says it. */
  readonly lacks: string;
  readonly alter: (profile: OciSpec) => OciSpec;
  /** The setting that must be named as missing. */
  readonly setting: string;
  readonly asRoot?: boolean;
};

const mutations: readonly Mutation[] = [
  { lacks: "no new privileges", alter: process({ noNewPrivileges: false }), setting: "no new privileges" },
  ...capabilityMutations(),
  { lacks: "its user", alter: process({ user: { uid: 1, gid: 33, umask: 18 } }), setting: "user id" },
  { lacks: "its group", alter: process({ user: { uid: 33, gid: 0, umask: 18 } }), setting: "group id" },
  { lacks: "the core dump limit", alter: rlimit("RLIMIT_CORE"), setting: "core dump size" },
  { lacks: "the open files limit", alter: rlimit("RLIMIT_NOFILE"), setting: "open files" },
  ...["ipc", "uts", "cgroup"].map((kind) => ({
    lacks: `a ${kind} namespace`,
    alter: withoutNamespace(kind),
    setting: `${kind} namespace`,
  })),
  { lacks: "a network namespace", alter: withoutNamespace("network"), setting: "network namespace" },
  { lacks: "the prepared network namespace", alter: otherNetwork, setting: "network namespace's identity" },
  { lacks: "ids of its own", alter: otherIds, setting: "uid map" },
  { lacks: "the process limit", alter: resources({ pids: { limit: 100_000 } }), setting: "process limit" },
  { lacks: "the memory limit", alter: resources({ memory: { limit: 2 ** 40 } }), setting: "memory limit" },
  { lacks: "the CPU limit", alter: resources({ cpu: { quota: -1, period: 100_000 } }), setting: "cpu limit" },
  {
    lacks: "the denial of devices",
    alter: resources({ devices: [{ allow: true, access: "rwm" }] }),
    setting: "devices",
  },
  ...["nosuid", "nodev", "noexec"].map((option) => ({
    lacks: `${option} on /tmp`,
    alter: withoutOption("/tmp", option),
    setting: "mount /tmp",
  })),
  { lacks: "a size of /tmp", alter: withoutOption("/tmp", "size="), setting: "mount /tmp" },
  { lacks: "noexec on /dev/shm", alter: withoutOption("/dev/shm", "noexec"), setting: "mount /dev/shm" },
  { lacks: "a read-only /dev", alter: withoutOption("/dev", "ro"), setting: "mount /dev" },
  { lacks: "noexec on /dev", alter: withoutOption("/dev", "noexec"), setting: "mount /dev" },
  { lacks: "a read-only /proc", alter: withoutOption("/proc", "ro"), setting: "mount /proc" },
  { lacks: "a read-only hosts file", alter: withoutOption("/etc/hosts", "ro"), setting: "mount /etc/hosts" },
  { lacks: "a hosts file of its own", alter: withSource("/etc/hosts", "/etc/passwd"), setting: "mount /etc/hosts" },
  { lacks: "a declared tmpfs", alter: withoutMount("/run"), setting: "mount /run" },
  { lacks: "nothing, but mounts one thing more", alter: oneMountMore, setting: "mount /srv" },
  { lacks: "a masked path", alter: linux({ maskedPaths: ["/proc/kcore"] }), setting: "mount /proc/kallsyms" },
  { lacks: "a read-only path", alter: linux({ readonlyPaths: [] }), setting: "mount /proc/sys" },
  { lacks: "seccomp", alter: withoutSeccomp, setting: "seccomp default" },
  {
    lacks: "seccomp's refusal by default",
    alter: seccomp({ defaultAction: "SCMP_ACT_ALLOW" as "SCMP_ACT_ERRNO" }),
    setting: "seccomp default",
  },
  { lacks: "seccomp's refusal of memfd_create", alter: allowing("memfd_create"), setting: "seccomp forbidden calls" },
  { lacks: "seccomp's look at the flags of clone", alter: allowing("clone"), setting: "seccomp arguments" },
  {
    lacks: "seccomp for this machine's own calls",
    alter: seccomp({ architectures: ["SCMP_ARCH_X86"] }),
    setting: "seccomp architectures",
  },
  {
    lacks: "seccomp's refusal of the 32-bit calls",
    alter: seccomp({ architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"] }),
    setting: "seccomp architectures",
  },
];

describe("the start of an instance is refused", { skip: whyNoInstances() }, () => {
  let home: TestHome;
  before(async () => {
    home = await makeTestHome();
    // Kept by an instance of its own, so that not every test mounts and checks the content again.
    await runcRuntime(home.ctx).start(await instanceSpec(home.ctx, home.image, { command: ["sleep", "600"] }));
  });
  after(() => removeTestHome(home));

  for (const mutation of mutations) {
    test(`when its profile lacks ${mutation.lacks}`, async () => {
      await assertRefused(home, mutation);
    });
  }

  for (const kind of ["mount", "pid"]) {
    test(`when its profile lacks a ${kind} namespace`, async () => {
      const error = await startError(home, { alter: withoutNamespace(kind) });
      // runc or the kernel refuses before there is anything to verify; were they to change their minds, the verification would.
      assert.ok(["instance-start-failed", "instance-not-hardened"].includes(error.code));
    });
  }

  test("when its profile lacks a user namespace", async () => {
    const alter = (profile: OciSpec): OciSpec =>
      linux({ uidMappings: [], gidMappings: [] })(withoutNamespace("user")(profile));
    const error = await startError(home, { alter });
    assert.equal(error.code, "instance-not-hardened");
    assert.ok(namesSetting(error, "user namespace"));
  });

  test("when its root is writable by an upper layer", async () => {
    const root = await overlay(home);
    try {
      const alter = (profile: OciSpec): OciSpec => ({ ...profile, root: { path: root, readonly: false } });
      const error = await startError(home, { alter });
      assert.equal(error.code, "instance-not-hardened");
      assert.ok(namesSetting(error, "mount /"));
    } finally {
      execFileSync("umount", [root]);
    }
  });

  test("and an unaltered profile is not", async () => {
    const runtime = runcRuntime(home.ctx);
    const spec = await instanceSpec(home.ctx, home.image, { command: ["sleep", "600"] });
    assert.equal((await runtime.start(spec)).status, "running");
    await runtime.stop(spec.id, { grace: 0 });
  });
});

async function assertRefused(home: TestHome, mutation: Mutation): Promise<void> {
  const error = await startError(home, mutation);
  assert.equal(error.code, "instance-not-hardened", error.message);
  assert.equal(error.exitCode, 4);
  assert.ok(namesSetting(error, mutation.setting), error.details.join("\n"));
}

/** Starts with the altered profile, and checks that nothing of the refused instance is left. */
async function startError(home: TestHome, mutation: Pick<Mutation, "alter" | "asRoot">): Promise<IngotError> {
  const spec = await instanceSpec(home.ctx, home.image, { command: ["sleep", "600"] });
  const user = mutation.asRoot === true ? { uid: 0, gid: 0 } : spec.user;
  const earlier = leftovers(home);
  const runtime = runcRuntime(home.ctx, { alterProfile: mutation.alter });
  const error: unknown = await runtime.start({ ...spec, user }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof IngotError, `it was started: ${String(error)}`);
  assert.deepEqual(leftovers(home), earlier);
  return error;
}

function namesSetting(error: IngotError, setting: string): boolean {
  return error.details.some((line) => line.startsWith(`${setting}: `));
}

function leftovers({ home }: TestHome): readonly unknown[] {
  const { run, runc, instances } = runtimePaths(home);
  const names = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).toSorted() : []);
  const mounts = readMounts().filter(({ target }) => target.startsWith(run));
  // Other homes have their cgroups in the same place.
  const cgroups = names("/sys/fs/cgroup/pids/ingot").filter((name) => name.startsWith(basename(run)));
  return [...[instances, runc, join(run, "instances")].map(names), cgroups, mounts.length];
}

function linux(changes: Partial<OciSpec["linux"]>): Mutation["alter"] {
  return (profile) => ({ ...profile, linux: { ...profile.linux, ...changes } });
}

function process(changes: Partial<OciSpec["process"]>): Mutation["alter"] {
  return (profile) => ({ ...profile, process: { ...profile.process, ...changes } });
}

function resources(changes: Partial<OciSpec["linux"]["resources"]>): Mutation["alter"] {
  return (profile) => linux({ resources: { ...profile.linux.resources, ...changes } })(profile);
}

function capabilityMutations(): Mutation[] {
  const give =
    (...sets: CapabilitySet[]): Mutation["alter"] =>
    (profile) => {
      const given = Object.fromEntries(sets.map((set) => [set, ["CAP_CHOWN"]]));
      return process({ capabilities: { ...profile.process.capabilities, ...given } })(profile);
    };
  return [
    { lacks: "an empty bounding set", alter: give("bounding"), setting: "capabilities CapBnd" },
    {
      lacks: "an empty inheritable set",
      alter: give("inheritable", "permitted", "bounding"),
      setting: "capabilities CapInh",
    },
    {
      lacks: "an empty permitted set",
      alter: give("permitted", "bounding"),
      setting: "capabilities CapPrm",
      asRoot: true,
    },
    {
      lacks: "an empty effective set",
      alter: give("effective", "permitted", "bounding"),
      setting: "capabilities CapEff",
      asRoot: true,
    },
    {
      lacks: "an empty ambient set",
      alter: give("ambient", "inheritable", "permitted", "bounding"),
      setting: "capabilities CapAmb",
    },
  ].map((mutation) => ({ ...mutation, asRoot: mutation.asRoot === true }));
}

function rlimit(type: string): Mutation["alter"] {
  return (profile) => {
    const rlimits = profile.process.rlimits.map((limit) =>
      limit.type === type ? { type, soft: 512, hard: 512 } : limit,
    );
    return process({ rlimits })(profile);
  };
}

function withoutNamespace(kind: string): Mutation["alter"] {
  return (profile) => {
    const altered = linux({ namespaces: profile.linux.namespaces.filter(({ type }) => type !== kind) })(profile);
    // runc sets no host name in the host's own namespace, and would end before the verification.
    return kind === "uts" ? { ...altered, hostname: "" } : altered;
  };
}

function otherNetwork(profile: OciSpec): OciSpec {
  const namespaces = profile.linux.namespaces.map(({ type, ...rest }) =>
    type === "network" ? { type } : { type, ...rest },
  );
  return linux({ namespaces })(profile);
}

function otherIds(profile: OciSpec): OciSpec {
  const shift = (maps: OciSpec["linux"]["uidMappings"]) =>
    maps.map((map) => ({ ...map, hostID: map.hostID + map.size }));
  return linux({ uidMappings: shift(profile.linux.uidMappings), gidMappings: shift(profile.linux.gidMappings) })(
    profile,
  );
}

function withMounts(change: (mounts: readonly OciMount[]) => readonly OciMount[]): Mutation["alter"] {
  return (profile) => ({ ...profile, mounts: change(profile.mounts) });
}

function withoutOption(path: string, option: string): Mutation["alter"] {
  const keeps = (given: string): boolean => (option.endsWith("=") ? !given.startsWith(option) : given !== option);
  return withMounts((mounts) =>
    mounts.map((mount) => (mount.destination === path ? { ...mount, options: mount.options.filter(keeps) } : mount)),
  );
}

function withSource(path: string, source: string): Mutation["alter"] {
  return withMounts((mounts) => mounts.map((mount) => (mount.destination === path ? { ...mount, source } : mount)));
}

function withoutMount(path: string): Mutation["alter"] {
  return withMounts((mounts) => mounts.filter(({ destination }) => destination !== path));
}

function oneMountMore(profile: OciSpec): OciSpec {
  const extra = { destination: "/srv", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "noexec"] };
  return withMounts((mounts) => [...mounts, extra])(profile);
}

function withoutSeccomp(profile: OciSpec): OciSpec {
  const { seccomp: dropped, ...rest } = profile.linux;
  assert.ok(dropped !== undefined);
  return { ...profile, linux: rest };
}

function seccomp(changes: Partial<SeccompProfile>): Mutation["alter"] {
  return (profile) => linux({ seccomp: { ...(profile.linux.seccomp as SeccompProfile), ...changes } })(profile);
}

function allowing(name: string): Mutation["alter"] {
  return (profile) => {
    const given = profile.linux.seccomp as SeccompProfile;
    return seccomp({ syscalls: [...given.syscalls, { names: [name], action: "SCMP_ACT_ALLOW" }] })(profile);
  };
}

/** What container engines use: the content below, a writable layer above. */
async function overlay({ ctx, home, image }: TestHome): Promise<string> {
  const content = await useContent(ctx, image);
  const folders = ["upper", "work", "merged"].map((name) => join(runtimePaths(home).run, `overlay-${name}`));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  const [upper, work, merged = ""] = folders;
  execFileSync("mount", [
    "-t",
    "overlay",
    "-o",
    `lowerdir=${content},upperdir=${upper},workdir=${work}`,
    "overlay",
    merged,
  ]);
  return merged;
}
