import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { WatchedInstance } from "../../src/guard/guard.ts";
import { instanceSpec } from "../../src/runtime/image-instance.ts";
import { writeRecord } from "../../src/runtime/instance-record.ts";
import { identifyProcess } from "../../src/runtime/process-identity.ts";
import { runtimePaths } from "../../src/runtime/paths.ts";
import { hostIdOf } from "../../src/runtime/profile/placement.ts";
import type { OciSpec } from "../../src/runtime/profile/oci-spec.ts";
import { ociSpec } from "../../src/runtime/profile/profile.ts";
import { openInstanceLog } from "../../src/runtime/runc/instance-log.ts";
import { prepareInstance } from "../../src/runtime/runc/launch-instance.ts";
import { createContainer, startContainer } from "../../src/runtime/runc/runc.ts";
import { untilExecuted } from "../../src/runtime/verify/verify.ts";
import { present } from "../../src/ground/present.ts";
import type { TestHome } from "./runtime-image.ts";

/** A real instance of the test image, whose first process does what it is told. */
export type AgentInstance = {
  readonly watched: WatchedInstance;
  /** Its root, as the host sees it. */
  readonly root: string;
  readonly rootfs: string;
  /** Has the agent in it run Perl. */
  readonly tell: (perl: string) => void;
  /** Writes a file in it, as its user, with mode 0755; resolves when it is there. */
  readonly put: (path: string, content: Uint8Array | string) => Promise<void>;
};

/**
 * Reads lines of Perl from a pipe and runs each in a child of its own, whose end it does not wait for. `put` writes a program, `memory` executes one from memory, `opened` one by its open file.
 */
const agent = `use POSIX ();
sub put { my ($path, $hex, $mode) = @_; open(my $f, ">", "$path.new") or die; binmode $f; print $f pack("H*", $hex); close $f; chmod($mode // 0755, "$path.new"); rename "$path.new", $path; }
sub opened { my ($file) = @_; my ($none, $end) = ("", pack("Q", 0)); syscall(322, $file, $none, $end, $end, 0x1000); die $!; }
sub memory { my ($name, $hex) = @_; my $file = syscall(319, $name, 0); open(my $f, ">&=", $file) or die; binmode $f; syswrite($f, pack("H*", $hex)); opened($file); }
POSIX::mkfifo("/run/agent", 0600); open(my $in, "+<", "/run/agent") or die; open(my $ready, ">", "/run/ready");
$SIG{CHLD} = sub { 1 while waitpid(-1, POSIX::WNOHANG()) > 0 };
while (1) { my $line = <$in>; next unless defined $line; my $pid = fork(); next if $pid; $SIG{CHLD} = "DEFAULT"; eval $line; warn $@ if $@; POSIX::_exit(0); }`;

/**
 * An instance by the profile but for what a test takes back from it: the runtime would refuse it, and must. `weak` lets programs in /tmp be executed and every system call be made, so that there is
 * something to be caught inside; without it the profile is whole.
 */
export async function startAgent(
  home: TestHome,
  options: { readonly isWeak: boolean; readonly user?: { uid: number; gid: number } },
): Promise<AgentInstance> {
  const { ctx, image } = home;
  const paths = runtimePaths(ctx.home);
  const plain = await instanceSpec(ctx, image, {
    command: ["perl", "-e", agent],
    limits: { memory: 256 * 1024 * 1024, pids: 200, cpus: 2 },
  });
  const spec = { ...plain, user: options.user ?? plain.user };
  for (const folder of ["/run/ingot", paths.run, paths.bundles, paths.bundle(spec.id)]) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o711);
  }
  mkdirSync(paths.instance(spec.id), { recursive: true, mode: 0o700 });
  const { record, network, place } = await prepareInstance(ctx, spec);
  const profile = ociSpec(spec, place);
  writeFileSync(join(place.folder, "config.json"), JSON.stringify(options.isWeak ? weaken(profile) : profile), {
    mode: 0o600,
  });
  mkdirSync(paths.runc, { recursive: true });
  const log = openInstanceLog({ folder: place.folder, log: paths.log(spec.id), owner: hostIdOf(place, spec.user) });
  log.begin();
  const pid = await createContainer(paths, spec.id, log.write).finally(() => closeSync(log.write));
  await startContainer(paths, spec.id);
  await untilExecuted(pid);
  writeRecord(paths, { ...record, running: { process: present(identifyProcess(pid), "the agent"), network } });
  await until(() => existsSync(`/proc/${pid}/root/run/ready`));
  const recorded = JSON.parse(readFileSync(paths.contentRecord(image.digest), "utf8")) as { sha256: string };
  const watched: WatchedInstance = {
    id: spec.id,
    environment: "test",
    service: "web",
    release: 1,
    image: image.digest,
    pid,
    cgroup: paths.cgroup(spec.id),
    content: { path: paths.contentFile(image.digest), sha256: recorded.sha256 },
    writable: spec.writable.map(({ path }) => path),
    mode: "observe",
    exceptions: [],
  };
  const tell = (perl: string): void => {
    const pipe = openSync(`/proc/${pid}/root/run/agent`, constants.O_WRONLY);
    writeSync(pipe, `${perl.replaceAll("\n", " ")}\n`);
    closeSync(pipe);
  };
  const root = `/proc/${pid}/root`;
  const put = async (path: string, content: Uint8Array | string): Promise<void> => {
    const hex = Buffer.from(content).toString("hex");
    tell(`put("${path}", "${hex}")`);
    await until(() => existsSync(root + path), `${path} was not written`);
  };
  return { watched, root, rootfs: place.rootfs, tell, put };
}

function weaken(profile: OciSpec): OciSpec {
  const mounts = profile.mounts.map((mount) =>
    mount.destination === "/tmp" ? { ...mount, options: mount.options.filter((option) => option !== "noexec") } : mount,
  );
  const linux = { ...profile.linux };
  delete (linux as { seccomp?: unknown }).seccomp;
  return { ...profile, mounts, linux };
}

/** Polls until it is so; generous, since machines are busy. */
export async function until(isSo: () => boolean, what = "it did not come"): Promise<void> {
  for (const deadline = Date.now() + 20_000; !isSo(); await sleep(5)) {
    if (Date.now() > deadline) throw new Error(what);
  }
}
