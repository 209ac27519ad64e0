/** `ingot test` as a person calls it: real instances of a real Debian with nginx. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { CheckResult, TestReport } from "../src/evidence/tests/test-result.ts";
import { readEvidence } from "../src/evidence/statement/read-evidence.ts";
import { listKeys } from "../src/evidence/keys/keys.ts";
import { openStore } from "../src/oci/layout.ts";
import { readMounts } from "../src/runtime/mount-table.ts";
import { instanceSpec } from "../src/runtime/image-instance.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import { runcRuntime } from "../src/runtime/runc/runc-driver.ts";
import type { InstanceState } from "../src/runtime/runtime.ts";
import { nameVariant } from "./support/image-variant.ts";
import { findProcesses } from "./support/ingot-world.ts";
import { parseJson, runIngot, type IngotOptions, type IngotResult } from "./support/run-ingot.ts";
import { makeTestHome, whyNoInstances, type TestHome } from "./support/runtime-image.ts";
import { removeTestHome } from "./support/stop-instances.ts";

type Signed = { readonly result: string; readonly manifest: string };
type Tested = { readonly images: readonly (TestReport & { readonly signed?: Signed })[] };

const skip = whyNoInstances();
let home: TestHome;
let project: string;
let keeper: InstanceState;

before(async () => {
  if (skip !== undefined) return;
  home = await makeTestHome();
  project = join(home.home, "project");
  mkdirSync(project);
  // Keeps the content mounted: not every command has to check it.
  const spec = await instanceSpec(home.ctx, home.image, { command: ["/proc/self/exe"] });
  keeper = await runcRuntime(home.ctx).start(spec, { isHeld: true });
  const store = openStore(home.ctx);
  const from = home.image.digest;
  await store.setReference("shop/web", store.resolveReference(from));
  await nameVariant(store, { from, name: "shop/base" }, ({ Cmd: _, ...config }) => config);
  await nameVariant(store, { from, name: "shop/short" }, (config) => ({
    ...config,
    Cmd: ["sh", "-c", "echo last words; exit 3"],
  }));
  await nameVariant(store, { from, name: "shop/late" }, (config) => ({
    ...config,
    Cmd: ["sh", "-c", "sleep 1; echo gone"],
  }));
});
after(async () => {
  if (skip === undefined) await removeTestHome(home);
});

/** The same tests for one or more images, a flow mapping a line. */
function define(names: string, ...tests: readonly string[]): void {
  const lines = tests.map((text) => `      - {${text}}\n`).join("");
  const images = names.split(" ").map((name) => `  ${name}:\n    base: debian:bookworm\n    tests:\n${lines}`);
  writeFileSync(join(project, "ingot.yaml"), `project: shop\nimages:\n${images.join("")}`);
}

function ingot(args: readonly string[], options: IngotOptions = {}): Promise<IngotResult> {
  return runIngot(args, { cwd: project, ...options, env: { INGOT_HOME: home.home, ...options.env } });
}

async function testImages(): Promise<{ code: number; images: readonly TestReport[] }> {
  const result = await ingot(["test", "--no-lints", "--json"]);
  assertNothingLeft();
  return { code: result.code, images: parseJson<Tested>(result).images };
}

async function testImage(): Promise<{ code: number; checks: readonly CheckResult[] }> {
  const { code, images } = await testImages();
  assert.equal(images.length, 1);
  return { code, checks: images[0]?.checks ?? [] };
}

const outcomes = (checks: readonly CheckResult[]): string[] => checks.map(({ name, outcome }) => `${name} ${outcome}`);

test("every kind of test holds for an image that is as its definition says", { skip }, async () => {
  define(
    "web",
    'name: a, run: [nginx, -t], contains: "test is successful"',
    "name: b, get: /, status: 200, contains: Welcome",
    "name: c, get: /missing, status: 404",
    'name: d, file: /etc/nginx/nginx.conf, mode: "0644", owner: root, contains: "listen 8080"',
    "name: e, file: /etc/ssh, absent: true",
    "name: f, port: 8080",
    "name: g, user: www-data, shell: /usr/sbin/nologin",
    "name: h, process: nginx, user: www-data",
    "name: i, run: [sh, -c, 'touch /srv/x'], exit: 1, contains: Read-only file system",
    "name: j, file: /run/nginx.pid, owner: www-data",
  );
  const { code, checks } = await testImage();
  assert.deepEqual(
    outcomes(checks),
    Array.from("abcdefghij", (name) => `${name} passed`),
    JSON.stringify(checks, null, 1),
  );
  assert.equal(code, 0);
});

test("each kind of test fails for one that is not, and says what was there; the exit code is 4", { skip }, async () => {
  define(
    "web",
    "name: a, run: [sh, -c, 'echo broken; exit 2']",
    "name: b, get: /missing, timeout: 2s",
    'name: c, file: /usr/local/bin/setuid-perl, mode: "0755"',
    "name: d, file: /etc/nginx/nginx.conf, absent: true",
    "name: e, port: 81, timeout: 200ms",
    "name: f, user: alice",
    "name: g, process: nginx, user: root, timeout: 200ms",
    "name: h, run: [no-such-program]",
  );
  const { code, checks } = await testImage();
  assert.deepEqual(
    outcomes(checks),
    Array.from("abcdefgh", (name) => `${name} failed`),
  );
  assert.equal(code, 4);
  assert.equal(checks[0]?.output, "broken\n");
  const said = checks.map(({ message = "" }) => message);
  for (const [index, text] of [
    /got 2$/,
    /got 404/,
    /got 4755$/,
    /got a file$/,
    /only 8080/,
    /none of that name/,
    /got www-data/,
    /no program no-such-program/,
  ].entries())
    assert.match(said[index] ?? "", text);
});

test(
  "a test that hangs, forks or leaves processes fails or holds by itself, and changes nothing for the next",
  { skip },
  async () => {
    define(
      "web",
      "name: hangs, run: [sh, -c, 'echo begun; sleep 1234 & sleep 1234'], timeout: 500ms",
      "name: forks, run: [sh, -c, 'b() { b | b & }; b; sleep 1234'], timeout: 1s",
      "name: prints, run: [sh, -c, 'yes | head -c 20000000; echo the end'], contains: the end",
      "name: leaves, run: [sh, -c, 'sleep 1234 & touch /tmp/left']",
      "name: next, run: [sh, -c, 'test ! -e /tmp/left']",
      "name: served, get: /",
    );
    const { code, checks } = await testImage();
    assert.deepEqual(outcomes(checks), [
      "hangs failed",
      "forks failed",
      "prints passed",
      "leaves passed",
      "next passed",
      "served passed",
    ]);
    assert.match(checks[0]?.message ?? "", /ended with all that it started after 0.5 s$/);
    assert.match(checks[1]?.message ?? "", /limit of processes$/);
    assert.ok((checks[2]?.output ?? "").length < 70_000);
    assert.match(checks[2]?.output ?? "", /^… \d+ bytes before this are not kept …\n/);
    assert.equal(code, 4);
  },
);

test(
  "of an image without a command, files, accounts and programs are tested; what needs a living one fails and says why",
  { skip },
  async () => {
    const tests = [
      "name: a, run: ['true']",
      "name: b, file: /etc/passwd, owner: root",
      "name: c, user: root",
      "name: d, get: /",
      "name: e, process: nginx",
    ];
    define("base short", ...tests);
    const { images } = await testImages();
    const [base = [], short = []] = images.map(({ checks }) => checks);
    assert.deepEqual(outcomes(base), ["a passed", "b passed", "c passed", "d failed", "e failed"]);
    assert.match(base[3]?.message ?? "", /: the image has no command$/);
    assert.deepEqual(outcomes(short), outcomes(base));
    // On a busy machine it may live long enough to be verified.
    assert.match(short[4]?.message ?? "", /(ended as soon as it was started|the command of the image has ended)$/);
    assert.match(short[4]?.output ?? "", /last words/);
  },
);

test("files are still seen after the command of the image has ended", { skip }, async () => {
  define("late", "name: a, port: 80, timeout: 1m", "name: b, file: /etc/passwd", "name: c, file: /no, absent: true");
  const { checks } = await testImage();
  assert.deepEqual(outcomes(checks), ["a failed", "b passed", "c passed"]);
  // On a busy machine it may have ended before its start was verified.
  assert.match(checks[0]?.message ?? "", /: (the command of the image has ended|.* ended as soon as it was started)$/);
  assert.match(checks[0]?.output ?? "", /gone/);
  assert.ok((checks[0]?.duration ?? 0) < 45_000);
});

test(
  "the lints are held to the image, and one that is switched off with a reason says so; without a key nothing is signed",
  { skip },
  async () => {
    const text =
      "project: shop\nimages:\n  web:\n    base: debian:bookworm\n    without: [shell]\n    lints:\n      unexpected-setuid: {reason: for this test}\n";
    writeFileSync(join(project, "ingot.yaml"), text);
    const result = await ingot(["test", "--json"]);
    assert.match(result.stderr, /not signed: there is no tester's key; next: ingot key generate tester/);
    assert.equal(parseJson<Tested>(result).images[0]?.signed, undefined);
    const checks = parseJson<Tested>(result).images[0]?.checks ?? [];
    const of = (name: string): CheckResult | undefined => checks.find((check) => check.name === name);
    assert.equal(of("shell")?.outcome, "failed");
    assert.deepEqual(
      [of("unexpected-setuid")?.outcome, of("unexpected-setuid")?.message],
      ["skipped", "switched off: for this test"],
    );
    assert.equal(of("undeclared-port")?.outcome, "passed");
  },
);

test("a whole run is signed by the tester, good or bad; a part of one is not", { skip }, async () => {
  define("web", "name: home page, get: /");
  const options = { env: { INGOT_KEY_PASSPHRASE: "secret" } };
  const without = await ingot(["test"], options);
  assert.match(without.stderr, /not signed: there is no tester's key/);
  const made = await ingot(["key", "generate", "tester"], options);
  assert.equal(made.code, 0, made.stderr);
  const part = await ingot(["test", "--only", "tests"], options);
  assert.match(part.stdout, /not signed: only a part/);
  const result = await ingot(["test", "--json"], options);
  const [image] = parseJson<Tested>(result).images;
  // The test image has a setuid program and more that lints are against.
  assert.deepEqual([result.code, image?.signed?.result], [4, "FAILED"], result.stderr);
  const [key] = listKeys(home.ctx);
  const pem = readFileSync(key?.publicFile ?? "", "utf8");
  const trusted = { id: key?.id ?? "", role: "tester", pem, from: "here" } as const;
  const items = readEvidence(openStore(home.ctx), home.image.digest, [trusted]);
  assert.deepEqual(
    items.map(({ kind, status }) => [kind, status]),
    [["tests", "checked"]],
  );
  const [item] = items;
  const predicate = (item?.status === "checked" ? item.statement.predicate : {}) as Record<string, readonly string[]>;
  assert.deepEqual(predicate.passedTests?.includes("test:home page"), true);
  assert.deepEqual(predicate.failedTests?.includes("lint:unexpected-setuid"), true);
  const wrong = await ingot(["test"], { env: { INGOT_KEY_PASSPHRASE: "wrong" } });
  assert.match(wrong.stderr, /^code: passphrase-wrong$/m);
  assertNothingLeft();
});

test(
  "for people: a line a check, what failed with its output, totals; control characters of programs are shown as escapes",
  { skip },
  async () => {
    define("web", "name: fine, run: ['true']", "name: bad, run: [sh, -c, \"printf '\\\\033[31mred\\\\n'; exit 1\"]");
    const junit = join(project, "out.xml");
    const { stdout, code } = await ingot(["test", "web", "--no-lints", "--junit", "out.xml"]);
    assert.equal(code, 4);
    assert.match(stdout, /^shop\/web {2}sha256:/m);
    assert.match(stdout, /^ {2}✔ fine {2}\d/m);
    assert.match(stdout, /^ {2}✖ bad.*\n {6}expected sh to end with exit code 0, got 1\n {6}\| \\x1b\[31mred$/m);
    assert.match(stdout, /^ {2}tests: 1 passed, 1 failed$/m);
    assert.match(
      readFileSync(junit, "utf8"),
      /<failure type="test" message="expected sh .*">\\x1b\[31mred\n<\/failure>/,
    );
  },
);

test("what cannot be tested is told before anything is started", { skip }, async () => {
  define("unbuilt", "name: a, user: root");
  const unbuilt = await ingot(["test"]);
  assert.match(
    unbuilt.stderr,
    /the image "unbuilt" has not been built\nhint: ingot build unbuilt, or .*\ncode: image-unknown/,
  );
  assert.match((await ingot(["test", "wbe"])).stderr, /defines no image "wbe"/);
  assert.equal((await ingot(["test", "--only", "all"])).code, 2);
  assert.equal((await ingot(["test", "--only", "lints", "--no-lints"])).code, 2);
});

test(
  "where no instance can be made, tests are not carried out, which is not their failure: the exit code is 1",
  { skip },
  async () => {
    define("web", "name: a, run: ['true']", "name: b, user: root");
    const programs = join(home.home, "failing-programs");
    mkdirSync(programs);
    writeFileSync(join(programs, "runc"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    const env = { PATH: `${programs}:${process.env.PATH ?? ""}` };
    const result = await ingot(["test", "--no-lints", "--json"], { env });
    const checks = parseJson<Tested>(result).images[0]?.checks ?? [];
    assert.deepEqual([result.code, outcomes(checks)], [1, ["a broken", "b broken"]]);
    assert.match(checks[0]?.message ?? "", /^could not be carried out: /);
    assertNothingLeft();
  },
);

for (const signal of ["SIGINT", "SIGKILL"] as const) {
  test(`nothing is left after ${signal}, at the latest after the next command`, { skip }, async () => {
    define("web", "name: looks, port: 8080", "name: hangs, run: [sleep, '1235'], timeout: 1m");
    const isAtWork = () => findProcesses("1235").some((line) => line.endsWith("sleep 1235"));
    const result = await ingot(["test", "--no-lints"], {
      during: async (pid) => {
        for (const end = Date.now() + 20_000; !isAtWork() && Date.now() < end;) await sleep(20);
        process.kill(pid, signal);
      },
    });
    assert.equal(result.code, signal === "SIGINT" ? 130 : 137, result.stderr);
    if (signal === "SIGKILL") {
      const next = parseJson<{ instances: readonly InstanceState[] }>(await ingot(["instances", "--json"]));
      assert.deepEqual(
        next.instances.map(({ id }) => id),
        [keeper.id],
      );
    }
    assertNothingLeft();
    assert.equal(isAtWork(), false);
  });
}

function assertNothingLeft(): void {
  const { run, runc, instances, bundles } = runtimePaths(home.home);
  for (const folder of [runc, instances, bundles]) assert.deepEqual(readdirSync(folder), [keeper.id]);
  const mounts = readMounts().filter(({ target }) => target.startsWith(run));
  // The keeper's own root and its image's content; another image's content is not left mounted.
  assert.equal(mounts.length, 2);
}
