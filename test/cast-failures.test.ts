import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { hash, randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { IngotError } from "../src/ground/error.ts";
import { silentReporter } from "../src/ground/context.ts";
import type { CastPackage, CastStage } from "../src/image/cast-plan.ts";
import type { LayerBlob } from "../src/oci/layer/layer-blob.ts";
import { buildDeb, type DebDescription } from "./support/build-deb.ts";
import { castSet, packagesStage, testEpoch } from "./support/cast-set.ts";
import { tinyDebian, whyNoTinyDebian } from "./support/tiny-debian.ts";

/** All that the scripts below call: one that is missing would be refused whatever the sandbox is like. */
const fileTools = ["chmod", "chown", "dd", "ln", "ls", "mkdir", "mknod", "mv", "rmdir", "touch"];
const textTools = ["cut", "env", "grep", "perl", "sort", "tr", "wc"];
const programs = [...fileTools, ...textTools, "mount", "setsid", "umount", "unshare"];

const reason = whyNoTinyDebian(programs);
const skip = reason ?? false;
const work = mkdtempSync("/dev/shm/ingot-failures-");
const home = join(work, "home");
let below: readonly LayerBlob[] = [];
let base: CastStage;
/** The base with three layers of what does not compress. */
let large: CastStage;
/** The same, with a last script that never ends by itself. */
let endless: CastStage;

before(async () => {
  if (reason !== undefined) return;
  const item = await describe(tinyDebian(programs), "base");
  base = packagesStage("base", [item]);
  const noises = ["one", "two", "three"].map((name) =>
    describe({ name, version: "1", files: { [`usr/share/${name}`]: { content: noise() } } }, name),
  );
  const scripts = { postinst: "#!/bin/sh\nsleep 1000\n" };
  const last = await describe({ name: "last", version: "1", fields: { Depends: "tiny-base" }, scripts }, "last");
  const items = [item, ...(await Promise.all(noises))];
  large = packagesStage("large", items);
  endless = packagesStage("endless", [...items, last]);
  const [result] = await castSet(home, [base]);
  below = result?.layers ?? [];
});

after(() => rmSync(work, { recursive: true, force: true }));

function noise(): string {
  return randomBytes(3 << 20).toString("base64");
}

async function describe(description: DebDescription, layer: string): Promise<CastPackage> {
  const file = await buildDeb({ compression: "gzip", ...description }, join(work, "debs"));
  const sha256 = hash("sha256", readFileSync(file), "hex");
  return { name: description.name, version: description.version, file, sha256, layer };
}

async function castPackage(description: DebDescription): Promise<readonly LayerBlob[]> {
  const [result] = await castSet(home, [packagesStage("test", [await describe(description, "test")])], { below });
  return result?.layers ?? [];
}

function commands(...list: readonly string[]): CastStage {
  return { kind: "run", name: "commands", epoch: testEpoch, commands: list };
}

async function castCommands(...list: readonly string[]): Promise<void> {
  await castSet(home, [commands(...list)], { below });
}

for (const script of ["preinst", "postinst"]) {
  test(`a failing ${script} is shown with its package and its output`, { skip }, async () => {
    const scripts = { [script]: "#!/bin/sh\necho to standard output\necho to standard error >&2\nexit 7\n" };
    await assert.rejects(castPackage({ name: "broken", version: "1.0", scripts }), (error: IngotError) => {
      assert.equal(error.code, "script-failed");
      assert.match(error.message, new RegExp(`${script}.* broken`));
      assert.match(error.details.join("\n"), /to standard output\nto standard error/);
      return true;
    });
  });
}

test("a failing command is shown with its output and its exit code", { skip }, async () => {
  await assert.rejects(castCommands("echo first; false; echo never"), (error: IngotError) => {
    assert.equal(error.code, "script-failed");
    assert.match(error.message, /exit code 1/);
    assert.deepEqual(error.details, ["first"]);
    return true;
  });
});

test("every program that a script below must not get through with is there", { skip }, async () => {
  await castCommands(`type ${programs.join(" ")}`);
});

test("two packages that ship the same file are refused, unless one replaces the other", { skip }, async () => {
  const file = { files: { "usr/bin/touch": "mine" } };
  await assert.rejects(castPackage({ name: "thief", version: "1", ...file }), { code: "packages-share-file" });
  const layers = await castPackage({ name: "heir", version: "1", fields: { Replaces: "tiny-base" }, ...file });
  assert.equal(layers.length, 2);
});

test("a script sees nothing of the host", { skip }, async () => {
  writeFileSync(join(work, "marker"), "");
  await castCommands(
    `test ! -e ${work}/marker`,
    // The folders above the root, and the roots of other processes, lead nowhere else.
    `test ! -e /../../../..${work}/marker`,
    `for pid in /proc/[0-9]*; do test ! -e $pid/root${work}/marker; test ! -e $pid/cwd${work}/marker; done`,
    // The escape from chroot(2): a second chroot with the working directory left outside.
    `perl -e 'mkdir "/x"; chroot "/x"; chdir ".." for 1..50; chroot "."; exit(-e "${work}/marker")' ; rmdir /x`,
    `test "$(wc -l < /proc/net/dev)" = 3`,
    `test "$(cat /proc/sys/kernel/hostname)" = localhost`,
    `! grep -v ' / \\| /dev\\| /proc' /proc/self/mounts`,
  );
});

test("a script cannot reach devices, the kernel or the host's Node", { skip }, async () => {
  await castCommands(
    "mkdir /mnt",
    "! mknod /disk b 8 0",
    "! sh -c 'echo 1 > /proc/sys/kernel/panic'",
    "! mount -t proc proc /mnt",
    "! mount -o remount,rw /proc/sys",
    "! umount /proc/sys",
    "! unshare --user --map-root-user true",
    "! unshare --mount true",
    "! sh -c 'echo b > /proc/sysrq-trigger'",
    "! dd if=/dev/null of=/proc/1/exe conv=notrunc",
    "! perl -e 'exit(syscall(175, 0, 0, 0) == -1)'",
    "test -z \"$(ls /dev | grep -v '^\\(fd\\|full\\|null\\|ptmx\\|pts\\|random\\|shm\\|stderr\\|stdin\\|stdout\\|tty\\|urandom\\|zero\\)$')\"",
  );
});

test("a script cannot change the devices that are borrowed from the host", { skip }, async () => {
  // The mode that they have: a sandbox that allowed it would do this host no harm.
  await castCommands("! chmod 666 /dev/null", "! chown 0:0 /dev/urandom", "! touch /dev/zero", "echo gone > /dev/null");
});

test("a script is refused the host's keys and the calls that look past namespaces", { skip }, async () => {
  const refusal = (call: string, errno: number) => `perl -e 'exit(syscall(${call}) == -1 && $! == ${errno} ? 0 : 1)'`;
  const [noSuchCall, noSuchFamily] = [38, 97];
  await castCommands(
    refusal("250, 0, -3, 0", noSuchCall),
    refusal("248, 0, 0, 0, 0, 0", noSuchCall),
    refusal("249, 0, 0, 0, 0", noSuchCall),
    refusal("298, 0, 0, 0, 0, 0", noSuchCall),
    refusal("321, 0, 0, 0", noSuchCall),
    refusal("323, 0", noSuchCall),
    refusal("425, 1, 0", noSuchCall),
    refusal("39 | 0x40000000", noSuchCall),
    refusal("41, 40, 1, 0", noSuchFamily),
    "perl -e 'exit(syscall(41, 2, 1, 0) == -1 ? 1 : 0)'",
  );
});

test("a script gets no file that the caller had open", { skip }, () => {
  const [stages, layers] = [join(work, "stages.json"), join(work, "below.json")];
  // 3 is what dpkg would report its progress on.
  writeFileSync(stages, JSON.stringify([commands("for file in /proc/self/fd/*; do test ${file##*/} -lt 10; done")]));
  writeFileSync(layers, JSON.stringify(below));
  const program = fileURLToPath(new URL("support/cast-elsewhere.ts", import.meta.url));
  const argv = [process.execPath, "--disable-warning=ExperimentalWarning", program, home, stages, layers];
  const { status, stderr } = spawnSync("bash", ["-c", 'exec 200</ && exec "$@"', "bash", ...argv], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
});

test("what a script leaves running is ended and taken note of", { skip }, async () => {
  await castCommands(
    // The one that lost its parent ends, and is gone at once, not a zombie for ever.
    'sh -c "sleep 100 & echo \\$! > /pid"; kill $(cat /pid); for try in 1 2 3 4 5 6 7 8 9; do sleep 0.1; done; ! kill -0 $(cat /pid)',
    "for number in 1 2 3 4 5 6 7 8 9; do sleep 100 & done; sh -c 'sleep 100 & sleep 100 &'",
    // PID 1 and this shell.
    "rm /pid; set -- /proc/[0-9]*; test $# = 2",
  );
});

test("a tree that is made on disk is closed to the host's other users", { skip }, async () => {
  const stopped = new AbortController();
  const env = { ...process.env, INGOT_WORK: "disk" };
  const casting = castSet(home, [commands("chmod 4755 /usr/bin/env; sleep 100")], {
    below,
    context: { env, signal: stopped.signal },
  });
  const failed = assert.rejects(casting, { code: "cancelled" });
  const [own] = readdirSync(join(home, "tmp")).filter((name) => name.startsWith("cast-"));
  const { mode } = statSync(join(home, "tmp", own ?? ""));
  stopped.abort();
  await failed;
  assert.equal(mode & 0o077, 0);
});

test("a script that lays links for the unpacker reaches nothing outside", { skip }, async () => {
  const outside = join(work, "outside");
  mkdirSync(join(outside, "lib/dpkg/triggers"), { recursive: true });
  writeFileSync(join(outside, "lib/dpkg/status"), "");
  const files = { "usr/sbin/policy-rc.d": { link: join(outside, "policy") } };
  const move = `#!/bin/sh\nmv /var /moved; ln -s ${outside} /var\n`;
  await assert.rejects(castPackage({ name: "mover", version: "1", files, scripts: { preinst: move } }));
  const aim = `#!/bin/sh\nrm /var/lib/dpkg/status; ln -s ${outside}/lib/dpkg/status /var/lib/dpkg/status\n`;
  await assert.rejects(castPackage({ name: "aimer", version: "1", files, scripts: { preinst: aim } }), {
    code: "archive-escapes-root",
  });
  const layers = await castPackage({ name: "policy", version: "1", files });
  await castSet(home, [commands("true")], { below: [...below, ...layers] });
  assert.deepEqual(readdirSync(outside, { recursive: true, encoding: "utf8" }).toSorted(), [
    "lib",
    "lib/dpkg",
    "lib/dpkg/status",
    "lib/dpkg/triggers",
  ]);
  assert.equal(readFileSync(join(outside, "lib/dpkg/status"), "utf8"), "");
});

test("a script's environment is the same everywhere, and its input is empty", { skip }, async () => {
  await castSet(
    home,
    [
      commands(
        `test "$(env | cut -d= -f1 | sort | grep -v '^PWD$' | tr '\\n' ' ')" = "${names} "`,
        'test -z "$(cat)"',
        'test "$(umask)" = 0022',
      ),
    ],
    {
      below,
      context: { env: { ...process.env, SECRET: "1", LD_PRELOAD: "" } },
    },
  );
});

const names =
  "DEBCONF_NONINTERACTIVE_SEEN DEBCONF_NOWARNINGS DEBIAN_FRONTEND HOME LC_ALL PATH PYTHONDONTWRITEBYTECODE SHELL SOURCE_DATE_EPOCH TERM TZ";

test("what a script leaves running is gone before the next one", { skip }, async () => {
  await castCommands("sleep 1000 & setsid sleep 2000 &", "! grep -la '^[s]leep' /proc/[0-9]*/cmdline");
});

test(
  "a full disk is reported as such, and no half blob is left",
  { skip: skip || (process.getuid?.() === 0 ? false : "needs root, to mount a small disk") },
  async () => {
    const small = join(work, "small");
    mkdirSync(small);
    const child = spawn("unshare", [
      "--mount",
      "sh",
      "-c",
      `mount -t tmpfs -o size=6m small ${small} && exec "$@"`,
      "sh",
      process.execPath,
      ...elsewhere(join(small, "home"), large),
    ]);
    const output = collect(child.stderr);
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 1);
    assert.match(await output, /disk-full/);
  },
);

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  test(`after ${signal} in the middle no process, no mount and no half blob is left`, { skip }, async () => {
    const own = join(work, `killed-${signal}`);
    const child = spawn(process.execPath, elsewhere(own, endless));
    await waitFor(() => processesOf(own).length > 0 && readdirSync(join(own, "store/blobs/sha256")).length > 0);
    child.kill(signal);
    await once(child, "exit");
    await waitFor(() => processesOf(own).length === 0);
    assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(own));
    assert.deepEqual(readdirSync(join(own, "tmp/cast")), []);
    for (const name of readdirSync(join(own, "store/blobs/sha256")))
      assert.equal(hash("sha256", readFileSync(join(own, "store/blobs/sha256", name)), "hex"), name);
  });
}

test("on a disk a cast gives the same layers, and removes what a killed one left", { skip }, async () => {
  const own = join(work, "disk");
  const child = spawn(process.execPath, elsewhere(own, endless), { env: { ...process.env, INGOT_WORK: "disk" } });
  await waitFor(() => {
    const folder = readdirSync(join(own, "tmp")).find((name) => name.startsWith(`cast-${child.pid}-`));
    return existsSync(join(own, `tmp/${folder}/root/usr/bin/dpkg`));
  });
  child.kill("SIGKILL");
  await once(child, "exit");
  await waitFor(() => processesOf(own).length === 0);
  const [result] = await castSet(own, [base], { context: { env: { ...process.env, INGOT_WORK: "disk" } } });
  assert.deepEqual(result?.layers, below);
  assert.deepEqual(readdirSync(join(own, "tmp")), ["cast"]);
});

test(
  "a user without a range of numbers is told what to type",
  { skip: skip || (process.getuid?.() === 0 ? false : "needs root, to become nobody") },
  async () => {
    const own = join(work, "nobody");
    mkdirSync(own);
    chownSync(own, 65_534, 65_534);
    chmodSync(work, 0o755);
    const args = ["--reuid=65534", "--regid=65534", "--clear-groups", process.execPath, ...elsewhere(own, base)];
    const child = spawn("setpriv", args);
    const output = await collect(child.stderr);
    assert.match(output, /user-namespace-unavailable/);
    assert.match(output, /usermod --add-subuids/);
  },
);

test("an aborted cast ends everything and says so", { skip }, async () => {
  const own = join(work, "aborted");
  const controller = new AbortController();
  const report = { ...silentReporter, task: () => ({ advance: () => controller.abort(), done: () => {} }) };
  await assert.rejects(castSet(own, [endless], { context: { signal: controller.signal, report } }), {
    code: "cancelled",
  });
  await waitFor(() => processesOf(own).length === 0);
});

function elsewhere(own: string, stage: CastStage): readonly string[] {
  const stages = join(work, `${stage.name}.json`);
  writeFileSync(stages, JSON.stringify([stage]));
  const script = fileURLToPath(new URL("support/cast-elsewhere.ts", import.meta.url));
  return ["--disable-warning=ExperimentalWarning", script, own, stages];
}

/** Processes that see the cast's work folder mounted: the worker, and everything below it. */
function processesOf(own: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => /^[0-9]+$/.test(pid) && isInside(pid, own));
}

function isInside(pid: string, own: string): boolean {
  try {
    const mounts = readFileSync(`/proc/${pid}/mountinfo`, "utf8");
    return readlinkSync(`/proc/${pid}/ns/mnt`) !== readlinkSync("/proc/self/ns/mnt") && mounts.includes(own);
  } catch {
    // It ended while we looked.
    return false;
  }
}

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function waitFor(isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(20)) {
    try {
      if (isTrue()) return;
    } catch {
      // Not there yet.
    }
  }
  assert.fail("it did not happen within two minutes");
}
