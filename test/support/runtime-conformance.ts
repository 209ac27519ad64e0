import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type {
  InstanceId,
  InstanceSpec,
  InstanceState,
  LogRequest,
  ProgramEnd,
  RunRequest,
  Runtime,
} from "../../src/runtime/runtime.ts";

/** A driver on a host of its own, with the image of `runtime-image.ts`: a Debian with perl whose user is www-data (33:33) and whose folders /run and /tmp are writable, of 1 and 4 MiB. */
export type RuntimeWorld = {
  readonly runtime: Runtime;
  /** A driver that knows only what the host has, as after a restart of the controller. */
  readonly reopen: () => Runtime;
  /** To run this command, with a new id. */
  readonly spec: (command: readonly string[], changes?: Partial<InstanceSpec>) => Promise<InstanceSpec>;
  /** All of instances that is on the host: processes, mounts, networks, cgroups, files; equal before and after. */
  readonly leftovers: () => Promise<unknown>;
  readonly close: () => Promise<void>;
};

export type RuntimeUnderTest = {
  /** Why it cannot be tested on this machine. */
  readonly skip: string | undefined;
  readonly open: () => Promise<RuntimeWorld>;
};

/** What every driver of instances must do: each check a test by its name. One instance answers most of them. */
export function describeRuntime(name: string, { skip, open }: RuntimeUnderTest): void {
  describe(`${name}, as a runtime,`, { skip: skip ?? false }, () => {
    const of = subject();
    before(async () => of.begin(await open()));
    after(() => of.world.close());
    for (const check of checks) check(of);
  });
}

type Subject = ReturnType<typeof subject>;

/** What the checks of one driver share. */
function subject() {
  const secret = randomBytes(24).toString("hex");
  let given:
    | { world: RuntimeWorld; one: InstanceSpec; started: InstanceState; earlier: unknown; running: unknown }
    | undefined;
  const has = (): NonNullable<typeof given> => {
    assert.ok(given !== undefined, "it was not started");
    return given;
  };
  return {
    begin: async (world: RuntimeWorld) => {
      const earlier = await world.leftovers();
      const one = await world.spec(["sh", "-c", ticking], { labels, files });
      await world.runtime.prepare(one.image);
      const secrets = [
        { path: "/run/secrets/token", content: Buffer.from(secret) },
        { path: "/srv/www/index.html", content: Buffer.from([0, 255, 10]) },
      ];
      const started = await world.runtime.start(one, { secrets });
      // Until all that belongs to it is there, also who writes its log.
      await until(async () => (await readAll(world.runtime.logs(one.id))).includes("tick"));
      given = { world, one, earlier, started, running: await world.leftovers() };
    },
    secret,
    get world() {
      return has().world;
    },
    /** It runs through all of the checks. */
    get one() {
      return has().one;
    },
    get started() {
      return has().started;
    },
    /** What was on the host before it. */
    get earlier() {
      return has().earlier;
    },
    /** With it alone. */
    get running() {
      return has().running;
    },
    execute: (command: string, request: Partial<RunRequest> = {}): Promise<ProgramEnd> =>
      has().world.runtime.execute(has().one.id, ["sh", "-c", command], {
        timeout: 20_000,
        maxOutput: 65_536,
        ...request,
      }),
    stateOf: async (id: InstanceId): Promise<InstanceState | undefined> =>
      (await has().world.runtime.list()).find((state) => state.id === id),
    printed: (id: InstanceId, request?: LogRequest): Promise<string> => readAll(has().world.runtime.logs(id, request)),
  };
}

const ticking = 'echo begun; i=0; while :; do echo "tick $i"; i=$((i+1)); sleep 0.05; done';
const labels = { "dev.ingot.service": "shop", "dev.ingot.release": "7" };
const files = [
  { path: "/etc/nginx/nginx.conf", content: "of the release\n" },
  { path: "/run/app/settings", content: "below a writable folder\n" },
];

function checkStates(of: Subject): void {
  test("lists an instance as it was started, with its labels", async () => {
    const state = await of.stateOf(of.one.id);
    assert.deepEqual(state, of.started);
    assert.equal(state?.status, "running");
    assert.equal(state.image, of.one.image);
    assert.deepEqual(state.labels, { "dev.ingot.service": "shop", "dev.ingot.release": "7" });
    assert.match(state.started, /^\d{4}-\d\d-\d\dT/);
  });

  test("says where an instance is on the host", async () => {
    const place = await of.world.runtime.place(of.one.id);
    assert.equal(place.pid, of.started.pid);
    assert.match(place.cgroup, /^\/.*[^/]$/);
    assert.deepEqual([...place.writable].toSorted(), of.one.writable.map(({ path }) => path).toSorted());
    if (place.content !== undefined) assert.match(place.content.sha256, /^[0-9a-f]{64}$/);
  });

  test("refuses a second instance of an id, and does not know what was never started", async () => {
    await assert.rejects(of.world.runtime.start(of.one), { code: "instance-start-failed" });
    const nobody = "nobody" as InstanceId;
    const unknown = { code: "instance-unknown" };
    await assert.rejects(of.world.runtime.stop(nobody), unknown);
    await assert.rejects(of.world.runtime.freeze(nobody), unknown);
    await assert.rejects(of.world.runtime.thaw(nobody), unknown);
    await assert.rejects(of.world.runtime.place(nobody), unknown);
    await assert.rejects(of.printed(nobody), unknown);
    await assert.rejects(of.world.runtime.execute(nobody, ["true"], { timeout: 1000, maxOutput: 1 }), unknown);
    assert.equal((await of.stateOf(of.one.id))?.status, "running");
  });
}

function checkProfile(of: Subject): void {
  test("keeps its root file system read-only, and its writable folders small and free of programs", async () => {
    const attempts = `for path in / /usr /etc /srv/www /var; do touch $path/x 2>/dev/null && echo wrote $path; done
        cp /bin/true /tmp/x && /tmp/x 2>/dev/null && echo executed
        head -c 6000000 /dev/zero > /tmp/much 2>/dev/null && echo stored; rm -f /tmp/much; echo over`;
    assert.equal((await of.execute(attempts)).output, "over\n");
  });

  test("gives it and what enters it no privilege", async () => {
    const status = "^(NoNewPrivs|Seccomp|CapInh|CapPrm|CapEff|CapBnd|CapAmb|Uid|Gid):";
    const none = "0000000000000000";
    const sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map((set) => `${set}:\t${none}`);
    const ids = ["Uid:\t33\t33\t33\t33", "Gid:\t33\t33\t33\t33"];
    const wanted = [...ids, ...sets, "NoNewPrivs:\t1", "Seccomp:\t2", ""].join("\n");
    for (const process of ["1", "self"])
      assert.equal((await of.execute(`grep -E '${status}' /proc/${process}/status`)).output, wanted);
    assert.equal((await of.execute("unshare --user true 2>/dev/null && echo unshared; echo over")).output, "over\n");
  });

  test("puts an instance's limits in force", async () => {
    const limits = { memory: 64 * 1024 * 1024, pids: 8, cpus: 0.5 };
    const run = async (program: string): Promise<ProgramEnd> => {
      const spec = await of.world.spec(["perl", "-e", program], { limits });
      return of.world.runtime.runToEnd(spec, { timeout: 20_000, maxOutput: 100 });
    };
    const many = await run("for (1..20) { defined(fork // exit 3) or die; } sleep 5");
    assert.deepEqual(many.limitsMet, ["processes"]);
    const big = await run("$x = 'a' x 200e6");
    assert.deepEqual([big.status, big.limitsMet], ["killed", ["memory"]]);
  });
}

function checkFiles(of: Subject): void {
  test("mounts the files of its configuration, which it cannot change", async () => {
    const { output } = await of.execute(
      "cat /etc/nginx/nginx.conf /run/app/settings; stat -c %a /etc/nginx/nginx.conf /run/app/settings",
    );
    assert.equal(output, "of the release\nbelow a writable folder\n444\n444\n");
    const change = "for f in /etc/nginx/nginx.conf /run/app/settings; do echo x > $f || chmod 644 $f || rm -f $f; done";
    assert.equal(
      (await of.execute(`(${change}) 2>/dev/null && echo changed; cat /run/app/settings`)).output.includes("changed"),
      false,
    );
  });

  test("gives it its secrets, as its own user's and in memory", async () => {
    const { output } = await of.execute(
      "cat /run/secrets/token; echo; stat -c '%a %u:%g' /run/secrets/token /srv/www/index.html; od -An -tx1 /srv/www/index.html",
    );
    assert.equal(output, `${of.secret}\n400 33:33\n400 33:33\n 00 ff 0a\n`);
    const mounts = await of.execute("grep -E ' (/run/secrets/token|/srv/www/index.html) ' /proc/self/mounts");
    for (const line of mounts.output.trimEnd().split("\n"))
      assert.match(line, /^\S+ \S+ (tmpfs|ramfs) ro,nosuid,nodev,noexec/);
    assert.equal(mounts.output.trimEnd().split("\n").length, 2);
  });

  test("refuses a file that has no place in the image, and leaves nothing", async () => {
    const wrong = ["/nowhere/file", "/etc", "/run/../etc/passwd"];
    for (const path of wrong) {
      const spec = await of.world.spec(["sleep", "60"], { files: [{ path, content: "" }] });
      await assert.rejects(of.world.runtime.start(spec), { code: "file-not-mountable" }, path);
    }
    const twice = await of.world.spec(["sleep", "60"], { files: [{ path: "/run/x", content: "" }] });
    const secrets = [{ path: "/run/x", content: Buffer.from(of.secret) }];
    await assert.rejects(of.world.runtime.start(twice, { secrets }), (error: Error & { code: string }) => {
      assert.equal(error.code, "file-not-mountable");
      assert.ok(!JSON.stringify([error.message, error]).includes(of.secret));
      return true;
    });
    await settles(of, of.running);
  });
}

function checkPrograms(of: Subject): void {
  test("executes a program inside, and says how it ended", async () => {
    const end = await of.execute("echo out; echo err >&2; exit 7");
    assert.deepEqual([end.status, end.status === "exited" && end.exitCode], ["exited", 7]);
    assert.deepEqual(end.output.split("\n").toSorted(), ["", "err", "out"]);
    const killed = await of.execute("kill -9 $$");
    assert.deepEqual([killed.status, killed.status === "killed" && killed.signal], ["killed", "SIGKILL"]);
    const missing = await of.world.runtime.execute(of.one.id, ["no-such"], { timeout: 5000, maxOutput: 100 });
    assert.equal(missing.status, "not-started");
    const much = await of.execute("head -c 100000 /dev/zero | tr '\\0' x; echo the end", {
      maxOutput: 10,
      find: "xxx",
    });
    assert.deepEqual([much.output, much.cut, much.isFound], ["xxthe end\n", 99_998, true]);
  });

  test("ends a program whose time is over with all that it started, and nothing else", async () => {
    const away = "setsid sh -c 'trap \"\" TERM HUP; sleep 4711' & echo begun; sleep 4712";
    const end = await of.execute(away, { timeout: 700 });
    assert.deepEqual([end.status, end.output], ["timed-out", "begun\n"]);
    await of.execute("setsid sleep 4713 >/dev/null 2>&1 & exit 0");
    const { output } = await of.execute("cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
    assert.ok(!/sleep 471\d/.test(output.replace("sleep 471\\d", "")), output);
    assert.equal((await of.stateOf(of.one.id))?.status, "running");
  });
}

function checkFreezing(of: Subject): void {
  test("freezes an instance so that nothing of it runs, and thaws it", async () => {
    await of.world.runtime.freeze(of.one.id);
    await of.world.runtime.freeze(of.one.id);
    assert.equal((await of.stateOf(of.one.id))?.status, "frozen");
    // What it printed earlier may still be on its way.
    await sleep(100);
    const earlier = await of.printed(of.one.id, { tail: 1 });
    await assert.rejects(of.execute("true"), { code: "instance-not-running" });
    await sleep(300);
    assert.equal(await of.printed(of.one.id, { tail: 1 }), earlier);
    await of.world.runtime.thaw(of.one.id);
    await of.world.runtime.thaw(of.one.id);
    assert.equal((await of.stateOf(of.one.id))?.status, "running");
    await until(async () => (await of.printed(of.one.id, { tail: 1 })) !== earlier);
  });
}

function checkOutput(of: Subject): void {
  test("keeps what it prints, gives the last lines of it, and follows it", async () => {
    assert.match(await of.printed(of.one.id), /^begun\ntick 0\ntick 1\n/);
    assert.match(await of.printed(of.one.id, { tail: 2 }), /^tick \d+\ntick \d+\n$/);
    assert.equal(await of.printed(of.one.id, { tail: 0 }), "");
    const stop = new AbortController();
    let followed = "";
    for await (const piece of of.world.runtime.logs(of.one.id, { tail: 1, follow: true, signal: stop.signal })) {
      followed += Buffer.from(piece).toString();
      if (followed.split("\n").length > 4) stop.abort();
    }
    const numbers = [...followed.matchAll(/tick (\d+)\n/g)].map(([, number]) => Number(number));
    assert.ok(numbers.length >= 4);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => (numbers[0] ?? 0) + index),
    );
  });

  test("says how an instance ended, keeps what it printed, and follows to its end", async () => {
    const spec = await of.world.spec(["sh", "-c", `${untilTold}; echo the end; exit 5`]);
    await of.world.runtime.start(spec);
    const followed = of.printed(spec.id, { follow: true });
    await tell(of, spec);
    assert.equal(await followed, "the end\n");
    await until(async () => (await of.stateOf(spec.id))?.status === "exited");
    assert.deepEqual((await of.stateOf(spec.id))?.end, { code: 5, isOutOfMemory: false });
    assert.equal(await of.printed(spec.id), "the end\n");
    const inside = of.world.runtime.execute(spec.id, ["true"], { timeout: 1000, maxOutput: 1 });
    await assert.rejects(inside, { code: "instance-not-running" });
    await assert.rejects(of.world.runtime.freeze(spec.id), { code: "instance-not-running" });
    await of.world.runtime.stop(spec.id);
    assert.equal(await of.stateOf(spec.id), undefined);
  });
}

function checkEnds(of: Subject): void {
  test("says that an instance was killed for its memory", async () => {
    const limits = { memory: 64 * 1024 * 1024, pids: 64, cpus: 1 };
    const spec = await of.world.spec(["sh", "-c", `${untilTold}; exec perl -e '$x = "a" x 200e6'`], { limits });
    await of.world.runtime.start(spec);
    await tell(of, spec);
    await until(async () => (await of.stateOf(spec.id))?.status === "exited");
    assert.deepEqual((await of.stateOf(spec.id))?.end, { signal: "SIGKILL", isOutOfMemory: true });
    await of.world.runtime.stop(spec.id);
  });

  test("lets an instance end by itself, and kills one that does not within its grace", async () => {
    const polite = await of.world.spec(["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.01; done"]);
    await of.world.runtime.start(polite);
    const earlier = performance.now();
    await of.world.runtime.stop(polite.id, { grace: 20_000 });
    assert.ok(performance.now() - earlier < 15_000);
    const deaf = await of.world.spec(["sh", "-c", "trap '' TERM; while :; do sleep 0.01; done"]);
    await of.world.runtime.start(deaf);
    const asked = performance.now();
    await of.world.runtime.stop(deaf.id, { grace: 300 });
    assert.ok(performance.now() - asked >= 300);
    assert.equal(await of.stateOf(deaf.id), undefined);
  });

  test("runs a program to its end in an instance of its own", async () => {
    const spec = await of.world.spec(["sh", "-c", "cat /etc/hostname; exit 3"]);
    const end = await of.world.runtime.runToEnd(spec, { timeout: 20_000, maxOutput: 100 });
    assert.deepEqual([end.status === "exited" && end.exitCode, end.output], [3, `${spec.id}\n`]);
    const slow = await of.world.spec(["sleep", "60"]);
    assert.equal((await of.world.runtime.runToEnd(slow, { timeout: 200, maxOutput: 1 })).status, "timed-out");
    assert.equal((await of.world.runtime.list()).length, 1);
  });
}

function checkNextDriver(of: Subject): void {
  test("is adopted by whoever comes next, also frozen, and leaves nothing when it is stopped", async () => {
    const next = of.world.reopen();
    await next.freeze(of.one.id);
    const [state] = await next.list();
    assert.deepEqual(state, { ...of.started, status: "frozen" });
    assert.match(await readAll(next.logs(of.one.id, { tail: 1 })), /^tick/);
    const asked = performance.now();
    await next.stop(of.one.id, { grace: 20_000 });
    assert.ok(performance.now() - asked < 15_000, "who is frozen cannot end by itself, and is not waited for");
    assert.deepEqual(await next.list(), []);
    await settles(of, of.earlier);
  });
}

/** The last one stops the instance. */
const checks = [
  checkStates,
  checkProfile,
  checkFiles,
  checkPrograms,
  checkFreezing,
  checkOutput,
  checkEnds,
  checkNextDriver,
];

/** Who writes a log ends a moment after its instance. */
async function settles(of: Subject, wanted: unknown): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (isDeepStrictEqual(await of.world.leftovers(), wanted)) return;
    await sleep(20);
  }
  assert.deepEqual(await of.world.leftovers(), wanted);
}

/** Not after a while: how long a start takes is the machine's. */
const untilTold = "until [ -e /tmp/told ]; do sleep 0.02; done";

async function tell(of: Subject, { id }: InstanceSpec): Promise<void> {
  await of.world.runtime.execute(id, ["touch", "/tmp/told"], { timeout: 20_000, maxOutput: 100 });
}

async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const read: Uint8Array[] = [];
  for await (const piece of pieces) read.push(piece);
  return Buffer.concat(read).toString("utf8");
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(20)) if (await isTrue()) return;
  throw new Error("it did not come true in time");
}
