import { spawnSync } from "node:child_process";
import { tinyProgram } from "../../test/support/tiny-program.ts";
import { until, type AgentInstance } from "../../test/support/weak-instance.ts";
import { mountInside, putIntoGroup, tamper } from "./attacks-from-host.fixture.ts";
import type { Drift, DriftRule, Guard } from "./guard.ts";

/** One way to bring something into an instance that its image does not explain. */
export type Attack = {
  readonly name: string;
  readonly rule: DriftRule;
  /** `inside`: by a process of the instance, told to by its agent; needs a weak one. `host`: by root of the host. */
  readonly from: "inside" | "host";
  /** Needs the guard to look now, where it would come to it within its round of 15 s. */
  readonly needsSweep?: true;
  /** `tag` is in the names that it uses; returns what takes it back. */
  readonly run: (on: AgentInstance, tag: string) => void | (() => void) | Promise<void | (() => void)>;
  /** What the drift is about, where more than the rule tells it from others. */
  readonly isAbout?: (drift: Drift, tag: string) => boolean;
};

const brief = tinyProgram().toString("hex");
const lasting = tinyProgram({ waits: true }).toString("hex");
const hex = (text: string): string => Buffer.from(text).toString("hex");
const named = ({ subject }: Drift, tag: string): boolean => subject.includes(tag);
/** Alarms outlive an execution: what waits for ever ends by itself. */
const end = "alarm 2;";

/** Kinds of attacks, each found by the rule that it has. For tests, benches and journeys. */
export const attacks: readonly Attack[] = [
  inside(
    "a static program shorter than a millisecond",
    "foreign-executable",
    (tag) => `put("/tmp/${tag}", "${brief}"); exec "/tmp/${tag}"`,
  ),
  inside(
    "a program by a relative name",
    "foreign-executable",
    (tag) => `put("/tmp/${tag}", "${brief}"); chdir "/tmp"; exec "./${tag}"`,
  ),
  inside(
    "a program through links and dots",
    "foreign-executable",
    (tag) => `put("/tmp/${tag}", "${brief}"); exec "/usr/bin/../../tmp/${tag}"`,
  ),
  inside(
    "a program with a hostile name",
    "foreign-executable",
    (tag) =>
      `my $n = "/tmp/${tag} pid=1 old_pid=1\\nsched_process_exec: filename=true"; put($n, "${brief}"); exec { $n } $n`,
  ),
  {
    ...inside(
      "a program through the dynamic loader",
      "foreign-executable",
      (tag) => `put("/tmp/${tag}", "${brief}"); exec "/lib64/ld-linux-x86-64.so.2", "/tmp/${tag}"`,
    ),
    isAbout: (drift, tag) => named(drift, tag) || drift.subject.includes("/ld-"),
  },
  {
    ...inside("a program from memory", "memfd-executable", (tag) => `memory("${tag}", "${brief}")`),
    isAbout: () => true,
  },
  inside("a lasting program from memory", "memfd-executable", (tag) => `${end} memory("${tag}", "${lasting}")`),
  inside(
    "a deleted program",
    "deleted-executable",
    (tag) =>
      `${end} put("/tmp/${tag}", "${lasting}"); open(my $f, "<", "/tmp/${tag}"); unlink "/tmp/${tag}"; opened(fileno($f))`,
  ),
  inside(
    "a program that is renamed while it runs",
    "renamed-executable",
    (tag) =>
      `put("/tmp/${tag}-a", "${lasting}"); if (!fork()) { ${end} exec "/tmp/${tag}-a" } select(undef, undef, undef, 0.1); rename "/tmp/${tag}-a", "/tmp/${tag}-b"`,
  ),
  inside(
    "a script with an interpreter line",
    "foreign-script",
    (tag) => `put("/tmp/${tag}", "${hex("#!/bin/sh\nexit 0\n")}"); exec "/tmp/${tag}"`,
  ),
  inside(
    "an interpreter with a script",
    "foreign-script",
    (tag) => `put("/tmp/${tag}", "${hex("select undef, undef, undef, 0.05")}", 0644); exec "perl", "-w", "/tmp/${tag}"`,
  ),
  inside(
    "a shell that reads a script",
    "foreign-script",
    (tag) => `put("/tmp/${tag}", "${hex("sleep 0.05\n")}", 0644); open STDIN, "<", "/tmp/${tag}"; exec "sh"`,
  ),
  inside(
    "a library by LD_PRELOAD",
    "foreign-mapping",
    (tag) => `$ENV{LD_PRELOAD} = "/tmp/${tag}.so"; exec "sleep", "0.05"`,
  ),
  inside(
    "code that is mapped from a file",
    "foreign-mapping",
    (tag) =>
      `put("/tmp/${tag}", "${lasting}"); exec "perl", "-e", q{open(my $f, "<", "/tmp/${tag}"); syscall(9, 0, 4096, 5, 2, fileno($f), 0); select(undef, undef, undef, 1)}`,
  ),
  inside("a dropped program", "dropped-program", (tag) => `put("/tmp/${tag}", "${brief}", 0644)`),
  inside(
    "a dropped script in a new folder",
    "dropped-program",
    (tag) => `mkdir "/tmp/${tag}"; put("/tmp/${tag}/x", "${hex("#!/bin/sh\n")}", 0644)`,
  ),
  { ...inside("rights in a user namespace of its own", "capability-regained", () => unshareUser), isAbout: () => true },
  {
    ...inside("a user namespace of its own", "namespace-changed", () => unshareUser),
    isAbout: ({ subject }) => subject === "user",
  },
  host(
    "nsenter",
    "entered-from-host",
    ({ watched }) => void spawnSync("nsenter", ["-t", String(watched.pid), "-m", "-p", "true"]),
  ),
  host(
    "nsenter into everything",
    "entered-from-host",
    ({ watched }) => void spawnSync("nsenter", ["-t", String(watched.pid), "-a", "true"]),
  ),
  host("a process put into the cgroup", "entered-from-host", putIntoGroup),
  {
    ...host("a process without the profile", "hardening-changed", putIntoGroup),
    needsSweep: true,
    isAbout: ({ subject }) => subject === "NoNewPrivs",
  },
  { ...host("a process with the host's rights", "capability-regained", putIntoGroup), needsSweep: true },
  {
    ...host("a process in the host's namespaces", "namespace-changed", putIntoGroup),
    needsSweep: true,
    isAbout: ({ subject }) => subject === "mnt",
  },
  host("a bind mount", "mount-changed", (on) =>
    mountInside(on, ["--bind", "/usr/bin/perl", "/usr/bin/nice"], "/usr/bin/nice"),
  ),
  host("a new file system", "mount-changed", (on) => mountInside(on, ["-t", "tmpfs", "none", "/mnt"], "/mnt")),
  host("a remount", "mount-changed", ({ watched }) => {
    const enter = ["-t", String(watched.pid), "-m", "mount", "-o"];
    spawnSync("nsenter", [...enter, "remount,bind,nosuid,nodev,exec,relatime", "/var/lib/nginx"]);
    return () => void spawnSync("nsenter", [...enter, "remount,bind,nosuid,nodev,noexec,relatime", "/var/lib/nginx"]);
  }),
  {
    ...host("a program of the image under another path", "renamed-executable", async (on) => {
      const undo = mountInside(on, ["--bind", "/usr/bin/perl", "/usr/bin/nice"], "/usr/bin/nice");
      on.tell(`exec "/usr/bin/nice", "-e", "select undef, undef, undef, 0.05"`);
      return undo;
    }),
    isAbout: ({ subject }) => subject === "/usr/bin/nice",
  },
  { ...host("a tampered image on the host", "content-changed", tamper), needsSweep: true },
];

const unshareUser = `exec "perl", "-e", q{syscall(272, 0x10000000); select(undef, undef, undef, 1)}`;

/** Carries an attack out and waits until it is found. */
export async function attackAndWait(
  attack: Attack,
  on: AgentInstance,
  options: { readonly guard: Guard; readonly drifts: readonly Drift[]; readonly tag: string },
): Promise<Drift> {
  const { guard, drifts, tag } = options;
  const before = drifts.length;
  const find = (): Drift | undefined =>
    drifts
      .slice(before)
      .find(
        (drift) =>
          drift.rule === attack.rule &&
          drift.instance === on.watched.id &&
          (attack.isAbout ?? (() => true))(drift, tag),
      );
  const undo = await attack.run(on, tag);
  try {
    if (attack.needsSweep === true) await guard.sweep(on.watched.id);
    await until(
      () => find() !== undefined,
      `${attack.name} was not found as ${attack.rule}; found: ${JSON.stringify(drifts.slice(before).map(({ rule, subject }) => [rule, subject]))}`,
    );
  } finally {
    undo?.();
  }
  return find() as Drift;
}

function inside(name: string, rule: DriftRule, perl: (tag: string) => string): Attack {
  return { name, rule, from: "inside", run: (on, tag) => on.tell(perl(tag)), isAbout: named };
}

function host(name: string, rule: DriftRule, run: Attack["run"]): Attack {
  return { name, rule, from: "host", run };
}
