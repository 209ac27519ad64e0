import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { makeTestHome, whyNoInstances, type TestHome } from "../../../test/support/runtime-image.ts";
import { removeTestHome } from "../../../test/support/stop-instances.ts";
import { instanceSpec } from "../../runtime/image-instance.ts";
import { runcRuntime } from "../../runtime/runc/runc-driver.ts";
import type { Drift, WatchedInstance } from "../guard.ts";
import { captureApart } from "./capture/capture-apart.ts";
import type { CapturedFile } from "./capture/capture.ts";
import { findHierarchies, freezerState, processesOf, thawCgroup } from "./freeze-cgroup.ts";
import { openResponder, type Finding } from "./respond.ts";

const skip = whyNoInstances();
const secret = "correct-horse-battery";
let home: TestHome;
let instance: WatchedInstance;
const children: ChildProcess[] = [];
const folders: string[] = [];

/** What an attacker does in an instance, as far as its profile lets one. */
const attacker = String.raw`
use IO::Socket::INET; use Fcntl;
sub put { my ($path, $text) = @_; open(my $f, ">", $path) or die "$path: $!"; print $f $text; close($f) }
put("/run/secret", "${secret}\n"); link("/run/secret", "/run/again");
put("/tmp/copy", "db=${secret};\n"); put("/tmp/dropper", "#!/bin/sh\nid\n"); chmod(0755, "/tmp/dropper");
symlink("/etc/shadow", "/tmp/shadow"); symlink("/", "/tmp/root"); system("mkfifo", "/tmp/pipe");
put("/tmp/\xff\xfe", "not text"); put("/tmp/a\n\e[31mb", "control"); mkdir("/tmp/..."); put("/tmp/.../in", "deep");
open(my $big, ">", "/tmp/sparse"); truncate($big, 1 << 40); close($big);
open(our $gone, "+>", "/tmp/gone"); print $gone "only its descriptor has it"; $gone->flush(); unlink("/tmp/gone");
our $listen = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 4444) or die $!;
our $out = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 4444) or die $!;
put("/tmp/ready", ""); sleep(3600);`;

before(async () => {
  if (skip !== undefined) return;
  home = await makeTestHome();
  const runtime = runcRuntime(home.ctx);
  const command = ["perl", "-e", attacker, "--", "--token=abcdefgh", "https://user:hunter22@db.example/"];
  const spec = await instanceSpec(home.ctx, home.image, { command });
  const { id, pid } = await runtime.start({
    ...spec,
    environment: { ...spec.environment, DB_PASSWORD: "swordfish", MODE: "live", COPY: `x${secret}` },
  });
  const { cgroup } = await runtime.place(id);
  instance = {
    id,
    environment: "production",
    service: "web",
    release: 4,
    image: home.image.digest,
    pid: pid ?? 0,
    cgroup,
    content: { path: "", sha256: "0".repeat(64) },
    writable: [],
    secrets: ["/run/secret"],
    mode: "replace",
    exceptions: [],
  };
  await until(() => existsSync(`/proc/${pid}/root/tmp/ready`));
});

after(async () => {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true });
  if (skip === undefined) await removeTestHome(home);
});

function finding(change: Partial<Finding> = {}): Finding {
  return {
    instance: instance.id,
    rule: "foreign-executable",
    subject: "/tmp/dropper",
    message: "a program runs that the image does not have: /tmp/dropper",
    seen: 1,
    found: 2,
    chain: [],
    sensor: "trace",
    ...change,
  };
}

test("in mode observe nothing is touched, and neither is it beyond the limit", { skip }, () => {
  const responder = openResponder({ now: () => 0 });
  responder.watch([instance]);
  assert.equal(responder.respond(finding(), { ...instance, mode: "observe" }), "observed");
  assert.equal(responder.respond(finding({ rule: "dropped-program" }), instance), "rate-limited");
  assert.equal(responder.respond(finding(), { ...instance, cgroup: `${instance.cgroup}-gone` }), "gone");
  assert.equal(freezerState(findHierarchies(), instance.cgroup), "thawed");
});

test("nothing freezes the whole host, or what is outside of the hierarchies", { skip }, () => {
  const responder = openResponder({ now: () => 0 });
  for (const cgroup of ["/", "", "//", "/..", "/ingot/../..", "ingot"]) {
    assert.equal(
      responder.respond(finding({ rule: "memfd-executable" }), { ...instance, id: instance.id, cgroup }),
      "gone",
      cgroup,
    );
    responder.reset(instance);
  }
});

test(
  "an instance is frozen with whoever came in from the host, and the host's own processes go on",
  { skip },
  async () => {
    const enter = (...kinds: string[]) => {
      const child = spawn("nsenter", ["-t", String(instance.pid), ...kinds, "--", "sleep", "1000"], {
        stdio: "ignore",
      });
      children.push(child);
      return child.pid ?? 0;
    };
    const [files, processes, network, single] = [enter("-m"), enter("-p"), enter("-n"), enter("-m")];
    // Attack: in one of the instance's groups, and not in that which is frozen.
    const memory = join("/sys/fs/cgroup/memory", instance.cgroup, "cgroup.procs");
    if (existsSync(memory)) writeFileSync(memory, String(single));
    const plain = spawn("sleep", ["1000"], { stdio: "ignore" });
    children.push(plain);
    await until(() => [files, network, single].every((pid) => readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n"));
    await until(() => childrenOf(processes).length === 1);
    const responder = openResponder({ now: () => 0 });
    responder.watch([instance]);
    assert.equal(responder.respond(finding({ rule: "entered-from-host" }), instance), "frozen");
    await until(() => freezerState(findHierarchies(), instance.cgroup) === "frozen");
    const held = processesOf(findHierarchies(), instance.cgroup);
    const [inside = 0] = childrenOf(processes);
    assert.deepEqual(
      [instance.pid, files, inside, single].map((pid) => held.includes(pid)),
      [true, true, true, true],
    );
    // nsenter itself waits outside for the one that it made; a process that only looks at the network is of the host.
    assert.deepEqual(
      [processes, network, plain.pid ?? 0, process.pid].map((pid) => held.includes(pid)),
      [false, false, false, false],
    );
    assert.equal(isStopped(plain.pid ?? 0) || isStopped(network), false);
  },
);

test(
  "where the number of its first process has become another's, that one's company is left alone",
  { skip },
  async () => {
    const responder = openResponder({ now: () => 0 });
    const ended = spawn("true", { stdio: "ignore" });
    responder.watch([{ ...instance, pid: ended.pid ?? 0 }]);
    await once(ended, "exit");
    // A container of somebody else: two processes with files of their own.
    const other = spawn("unshare", ["-m", "sh", "-c", "sleep 1000 & wait"], { stdio: "ignore" });
    children.push(other);
    await until(() => childrenOf(other.pid ?? 0).length === 1);
    const [company = 0] = childrenOf(other.pid ?? 0);
    assert.equal(responder.respond(finding({ rule: "mount-changed" }), { ...instance, pid: other.pid ?? 0 }), "frozen");
    const held = processesOf(findHierarchies(), instance.cgroup);
    process.kill(company, "SIGKILL");
    assert.equal(held.includes(company), false);
  },
);

test("a guard that is started anew knows what is frozen, and freezes again what was thawed", { skip }, async () => {
  const responder = openResponder({ now: () => 0 });
  const other = { ...instance, id: "web-other" as WatchedInstance["id"], cgroup: `${instance.cgroup}-other` };
  responder.watch([instance, other]);
  // The one that is left is the last to serve.
  assert.equal(responder.respond(finding({ rule: "foreign-script" }), other), "rate-limited");
  thawCgroup(findHierarchies(), instance.cgroup);
  assert.equal(responder.respond(finding({ rule: "foreign-script" }), instance), "frozen");
  await until(() => freezerState(findHierarchies(), instance.cgroup) === "frozen");
});

type Summary = {
  readonly drift: Drift;
  readonly freezer: string;
  readonly files: readonly CapturedFile[];
  readonly leftOut: readonly { readonly what: string; readonly why: string }[];
  readonly times: { readonly began: number; readonly ended: number };
};

/** One capture of the frozen instance, which many tests look at. */
let captured: Promise<Captured> | undefined;

function capture(): Promise<Captured> {
  captured ??= takeCapture();
  return captured;
}

async function takeCapture(): Promise<Captured> {
  const parent = mkdtempSync(join(tmpdir(), "ingot-capture-"));
  folders.push(parent);
  const folder = join(parent, "capture");
  const files = await captureApart({ instance, drift: { ...finding(), response: "frozen" }, folder });
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const parse = <T>(name: string): T => JSON.parse(read(name)) as T;
  return { parent, folder, files, read, parse, summary: parse<Summary>("summary.json") };
}

type Captured = {
  readonly parent: string;
  readonly folder: string;
  readonly files: readonly CapturedFile[];
  readonly read: (name: string) => string;
  readonly parse: <T>(name: string) => T;
  readonly summary: Summary;
};

test("a capture names its files with their hashes, and nobody else can read it", { skip }, async () => {
  const { folder, files, summary } = await capture();
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(summary.freezer, "frozen");
  assert.equal(summary.drift.rule, "foreign-executable");
  assert.deepEqual(
    summary.files.map(({ name }) => name).toSorted(),
    files.map(({ name }) => name).filter((name) => name !== "summary.json"),
  );
  for (const { name, sha256 } of summary.files)
    assert.equal(sha256, files.find((one) => one.name === name)?.sha256, name);
});

test("every process with its command and environment, without what looks like a secret", { skip }, async () => {
  const { read, parse } = await capture();
  const processes = parse<readonly Process[]>("processes.json");
  const main = processes.find(({ pid }) => pid === instance.pid);
  assert.ok(main !== undefined);
  assert.equal(main.executable, "/usr/bin/perl");
  assert.deepEqual(main.command.slice(-3), ["--", "--token=[redacted]", "https://user:[redacted]@db.example/"]);
  assert.deepEqual(
    [main.environment.DB_PASSWORD, main.environment.MODE, main.environment.COPY],
    ["[redacted]", "live", `x${"*".repeat(secret.length)}`],
  );
  assert.ok(processes.length >= 3);
  assert.match(read(`maps/${instance.pid}.txt`), /\/usr\/bin\/perl/);
});

test("no secret is in any of its files, under no name", { skip }, async () => {
  const { folder, files, summary } = await capture();
  for (const { name } of files) assert.equal(readFileSync(join(folder, name)).includes(secret), false, name);
  assert.ok(summary.leftOut.some(({ what, why }) => what === "/run/secret" && why === "a secret"));
  assert.ok(summary.leftOut.some(({ what, why }) => what === "/run/again" && why === "a secret by another name"));
});

test("nothing that a link leads to is in it, and nothing of the host", { skip }, async () => {
  const { folder, files, parse } = await capture();
  const shadow = readFileSync("/etc/shadow", "latin1").split("\n")[0] ?? "";
  for (const { name } of files) assert.equal(readFileSync(join(folder, name), "latin1").includes(shadow), false, name);
  const changed = parse<readonly Changed[]>("changed.json");
  assert.equal(changed.find(({ path }) => path === "/tmp/shadow")?.target, "/etc/shadow");
  assert.equal(changed.find(({ path }) => path === "/tmp/pipe")?.type, "other");
});

test("the changed files, as plain files that are not executable", { skip }, async () => {
  const { parent, folder } = await capture();
  const listing = execFileSync("tar", ["--numeric-owner", "-tvf", join(folder, "changed.tar")], {
    encoding: "utf8",
  });
  for (const line of listing.trimEnd().split("\n")) assert.match(line, /^-rw------- 0\/0 /);
  const out = join(parent, "out");
  execFileSync("mkdir", [out]);
  execFileSync("tar", ["-xf", join(folder, "changed.tar"), "-C", out]);
  assert.equal(readFileSync(join(out, "tmp/dropper"), "utf8"), "#!/bin/sh\nid\n");
  assert.equal(readFileSync(join(out, "tmp/.../in"), "utf8"), "deep");
  assert.equal(readFileSync(join(out, "tmp/copy"), "utf8"), `db=${"*".repeat(secret.length)};\n`);
  assert.deepEqual(readdirSync(join(out, "tmp")).includes("%FF%FE"), true);
  assert.equal(existsSync(join(out, "tmp/pipe")), false);
});

test("of a terabyte of nothing a megabyte, and that is said", { skip }, async () => {
  const { parse, summary } = await capture();
  const sparse = parse<readonly Changed[]>("changed.json").find(({ path }) => path === "/tmp/sparse");
  assert.deepEqual([sparse?.size, sparse?.captured, sparse?.isCut], [2 ** 40, 2 ** 20 - longestForm(), true]);
  assert.ok(summary.leftOut.some(({ what, why }) => what === "/tmp/sparse" && why.includes("the first 1048576")));
});

test("what was deleted and is still open", { skip }, async () => {
  const { read, parse } = await capture();
  const programs = parse<readonly Program[]>("programs.json");
  const gone = programs.find(({ path }) => path === "/tmp/gone (deleted)");
  assert.equal(read(gone?.file ?? ""), "only its descriptor has it");
  // Its own program is in the image.
  assert.equal(
    programs.some(({ pid, from }) => pid === instance.pid && from === "exe"),
    false,
  );
});

test("connections with their ends and who has them open", { skip }, async () => {
  const { parse } = await capture();
  const sockets = parse<readonly Socket[]>("sockets.json");
  const listening = sockets.find(({ local, state }) => local === "127.0.0.1:4444" && state === "listening");
  const out = sockets.find(({ peer, state }) => peer === "127.0.0.1:4444" && state === "established");
  assert.equal(listening?.holders[0]?.pid, instance.pid);
  assert.equal(out?.holders[0]?.pid, instance.pid);
});

test("the mounts", { skip }, async () => {
  const { read } = await capture();
  assert.match(read("mounts.txt"), / - tmpfs /);
});

test("a capture whose limits are met says what was left out", { skip }, async (t) => {
  const parent = mkdtempSync(join(tmpdir(), "ingot-capture-"));
  t.after(() => rmSync(parent, { recursive: true }));
  const folder = join(parent, "capture");
  await captureApart({ instance, folder, limits: { bytes: 64, entries: 5, processes: 1, programs: 0 } });
  const { leftOut, files } = JSON.parse(readFileSync(join(folder, "summary.json"), "utf8")) as Summary;
  const reasons = leftOut.map(({ why }) => why).join("\n");
  for (const reason of ["more than 5", "more than 1", "more than 0 programs"])
    assert.match(reasons, new RegExp(reason));
  assert.ok((files.find(({ name }) => name === "changed.tar")?.size ?? Infinity) <= 64 + 6 * 1024);
  await assert.rejects(captureApart({ instance, folder }), { code: "EEXIST" });
});

test("a capture that never ends is ended, keeps what it has, and says so", { skip }, async (t) => {
  const parent = mkdtempSync(join(tmpdir(), "ingot-capture-"));
  t.after(() => rmSync(parent, { recursive: true }));
  const folder = join(parent, "capture");
  // Less time than a process needs to start.
  await captureApart({ instance, folder, limits: { time: -1490 } });
  const { leftOut } = JSON.parse(readFileSync(join(folder, "summary.json"), "utf8")) as Summary;
  assert.match(leftOut[0]?.why ?? "", /cut off: its time was over/);
});

test(
  "a number that means a process of the host by now makes nothing of the host an instance's",
  { skip },
  async (t) => {
    const parent = mkdtempSync(join(tmpdir(), "ingot-capture-"));
    t.after(() => rmSync(parent, { recursive: true }));
    const folder = join(parent, "capture");
    const files = await captureApart({ instance: { ...instance, pid: process.pid, cgroup: "/ingot/gone" }, folder });
    assert.deepEqual(
      files.map(({ name }) => name),
      ["descriptors.json", "processes.json", "summary.json"],
    );
    assert.equal(readFileSync(join(folder, "processes.json"), "utf8"), "[]\n");
  },
);

type Process = {
  readonly pid: number;
  readonly executable: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};
type Changed = {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly target?: string;
  readonly captured?: number;
  readonly isCut?: boolean;
};
type Program = { readonly pid: number; readonly from: "exe" | number; readonly path: string; readonly file?: string };
type Socket = {
  readonly local: string;
  readonly peer?: string;
  readonly state: string;
  readonly holders: readonly { readonly pid: number }[];
};

/** What is cut from the end of a file that was not taken whole: the longest form of the secret could begin there. */
function longestForm(): number {
  return Buffer.from(secret).toString("hex").length;
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

function isStopped(pid: number): boolean {
  return /^State:\s+[TD]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    assert.ok(tries < 500, "it did not come to be");
    await sleep(20);
  }
}
