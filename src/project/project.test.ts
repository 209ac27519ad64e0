import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { IngotError } from "../ground/error.ts";
import { findProject, loadProject } from "./project.ts";

function makeFolder(t: TestContext, definition: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), "ingot-project-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "public"));
  writeFileSync(join(folder, "public/index.html"), "Welcome");
  writeFileSync(join(folder, "nginx.conf"), "events {}");
  writeFileSync(join(folder, "ingot.yaml"), definition);
  return folder;
}

async function mistakesOf(folder: string): Promise<readonly string[]> {
  try {
    await loadProject(join(folder, "ingot.yaml"), { cwd: folder });
  } catch (error) {
    assert.ok(error instanceof IngotError, String(error));
    assert.equal(error.code, "definition-invalid");
    assert.equal(
      error.message,
      `ingot.yaml has ${error.details.length === 1 ? "1 mistake" : `${error.details.length} mistakes`}`,
    );
    return error.details;
  }
  return [];
}

/** Lines of an image `web` in a file that is right otherwise; the first line of `lines` is line 5, indented by four. */
function inImage(...lines: string[]): string {
  return [
    "project: shop",
    "images:",
    "  web:",
    "    base: debian:bookworm",
    ...lines.map((line) => `    ${line}`),
    "",
  ].join("\n");
}

/** Lines of a service `web`; the first is line 9. */
function inService(...lines: string[]): string {
  return [
    inImage("port: 8080").trimEnd(),
    "services:",
    "  web:",
    "    image: web",
    ...lines.map((line) => `    ${line}`),
    "",
  ].join("\n");
}

const name = 'a name of lower-case letters and digits, with single ".", "_" or "-" between them';
const kinds = "run, get, file, port, process, user";

type Case = readonly [title: string, definition: string, ...mistakes: string[]];
const cases: readonly Case[] = [
  ["an empty file", "", "1:1: expected a mapping with project and images, got nothing"],
  ["a list at the top", "- a\n", "1:1: expected a mapping with project and images, got a list"],
  ["missing keys", "project: shop\n", '1:1: expected the key "images" (a mapping of images), got no such key'],
  [
    "an unknown key at the top",
    `${inImage()}mirrors: x\n`,
    '5:1: expected a known key, got "mirrors"; did you mean "mirror"?',
  ],
  [
    "an unknown key of an image",
    inImage("pakages: []"),
    '5:5: expected a known key, got "pakages"; did you mean "packages"?',
  ],
  [
    "an unknown key of a service",
    inService("replica: 3"),
    '9:5: expected a known key, got "replica"; did you mean "replicas"?',
  ],
  [
    "an unknown key in health",
    inService("health: {get: /, intervall: 1s}"),
    '9:22: expected a known key, got "intervall"; did you mean "interval"?',
  ],
  [
    "an unknown key that is near nothing",
    `${inImage()}mirror: {main: "http://m/debian", zzzzzzzz: 1}\n`,
    '5:35: expected one of the keys main, security, got "zzzzzzzz"',
  ],
  [
    "a misspelt required key, once",
    "projct: shop\nimages: {a: {base: debian:sid}}\n",
    '1:1: expected a known key, got "projct"; did you mean "project"?',
  ],
  ["a duplicate key", inImage("port: 1", "port: 2"), '6:5: expected each key once, got "port" again (first at line 5)'],
  [
    "a merge key",
    inImage("labels: {<<: {a: b}}"),
    '5:14: expected plain keys, got the merge key "<<"; write the keys out, or use an alias for the whole value',
  ],
  [
    "a key that would change the prototype",
    inImage("labels: {__proto__: {a: b}}"),
    '5:14: expected a key, got "__proto__"',
  ],
  ["a key that is a list", inImage("labels: {[a]: b}"), "5:14: expected a text as key, got a list"],
  [
    "an alias of itself",
    inImage("packages: &a [*a]"),
    "5:18: expected a Debian package name, got a list",
    "5:19: expected an alias of something that ends before it, got an alias of itself",
  ],
  [
    "a bad project name",
    "project: My Shop\nimages: {a: {base: debian:sid}}\n",
    `1:10: expected ${name}, got "My Shop"`,
  ],
  [
    "a bad image name and its content",
    "project: shop\nimages:\n  Web: {base: debian:bookworm, prot: 1}\n",
    `3:3: expected ${name}, got "Web"`,
    '3:32: expected a known key, got "prot"; did you mean "port"?',
  ],
  [
    "an unknown form of base",
    "project: shop\nimages:\n  a: {base: debain:bookworm}\n",
    '3:13: expected debian:SUITE, image:NAME or oci:REGISTRY/NAME:TAG, got "debain:bookworm"; did you mean "debian:bookworm"?',
  ],
  [
    "a base without its form",
    "project: shop\nimages:\n  a: {base: bookworm}\n",
    '3:13: expected debian:SUITE, image:NAME or oci:REGISTRY/NAME:TAG, got "bookworm"; did you mean "debian:bookworm"?',
  ],
  [
    "a base image that is not there",
    "project: shop\nimages:\n  a: {base: image:bb}\n  b: {base: debian:bookworm}\n",
    '3:13: expected an image of this file, got "image:bb"; did you mean "image:b"?',
  ],
  [
    "bases in a circle",
    "project: shop\nimages:\n  a: {base: image:b}\n  b: {base: image:a}\n",
    "3:13: expected a base that does not stand on this image itself, got a circle: a → b → a",
    "4:13: expected a base that does not stand on this image itself, got a circle: b → a → b",
  ],
  [
    "an OCI base without a registry",
    "project: shop\nimages:\n  a: {base: oci:nginx}\n",
    '3:13: expected oci:REGISTRY/NAME:TAG or oci:REGISTRY/NAME@sha256:…, with the registry\'s host, got "oci:nginx"',
  ],
  [
    "a package with a version",
    inImage("packages: [nginx=1.2]"),
    '5:16: expected a package name without a version (ingot.lock holds the versions), got "nginx=1.2"; did you mean "nginx"?',
  ],
  [
    "a package with an architecture",
    inImage("packages: [libc6:i386]"),
    '5:16: expected a package name without an architecture (it is the image\'s), got "libc6:i386"; did you mean "libc6"?',
  ],
  [
    "a package with a suite",
    inImage("packages: [curl/sid]"),
    '5:16: expected a package name without a suite (it is the base\'s), got "curl/sid"; did you mean "curl"?',
  ],
  [
    "a package in capitals",
    inImage("packages: [Curl]"),
    '5:16: expected a Debian package name, got "Curl"; did you mean "curl"?',
  ],
  ["a package twice", inImage("packages: [curl, vim, curl]"), '5:27: expected each package once, got "curl" again'],
  ["a package that is a number", inImage("packages:", "  - 7"), "6:9: expected a Debian package name, got 7"],
  ["a text where a list is expected", inImage("packages: curl"), '5:15: expected a list of package names, got "curl"'],
  [
    "a missing source",
    inImage("files:", "  /x: ./ngnix.conf"),
    '6:11: expected an existing file or folder, got "./ngnix.conf"; did you mean "./nginx.conf"?',
  ],
  [
    "a missing folder on the way",
    inImage("files:", "  /x: {source: publik/index.html}"),
    '6:20: expected an existing file or folder, got "publik/index.html"; did you mean "public/index.html"?',
  ],
  [
    "a source outside of the project",
    inImage("files:", "  /x: ../secret"),
    '6:11: expected a path inside the project\'s folder, got "../secret"',
  ],
  [
    "a source that goes out and in again",
    inImage("files:", "  /x: ./public/../../secret"),
    '6:11: expected a path inside the project\'s folder, got "./public/../../secret"',
  ],
  [
    "an absolute source",
    inImage("files:", "  /x: /etc/passwd"),
    '6:11: expected a path inside the project\'s folder, got "/etc/passwd"',
  ],
  [
    "a relative target",
    inImage("files:", "  etc/x: ./public"),
    '6:7: expected an absolute path, got "etc/x"; did you mean "/etc/x"?',
  ],
  [
    "a target with ..",
    inImage("files:", "  /a/../etc/x: ./public"),
    '6:7: expected a path without "." and "..", got "/a/../etc/x"; did you mean "/etc/x"?',
  ],
  [
    "a target in /proc",
    inImage("files:", "  /proc/x: ./public"),
    '6:7: expected a path outside of /proc, which the kernel fills, got "/proc/x"',
  ],
  [
    "a target in /sys",
    inImage("files:", "  //sys/x: ./public"),
    '6:7: expected a path outside of /sys, which the kernel fills, got "//sys/x"',
  ],
  [
    "a target in /dev",
    inImage("files:", "  /dev: ./public"),
    '6:7: expected a path outside of /dev, which the kernel fills, got "/dev"',
  ],
  ["the root as target", inImage("files:", "  /: ./public"), '6:7: expected a path below /, got "/"'],
  [
    "a target twice",
    inImage("files:", "  /srv/www: ./public", "  /srv//www/: ./public"),
    '7:7: expected each target once, got "/srv//www/", which is "/srv/www" again',
  ],
  [
    "a target that a tmpfs hides",
    inImage("files:", "  /run/x: ./public", "writable: {/run/: 1M}"),
    '6:7: expected a path that an instance can see, got "/run/x", which the tmpfs at /run in writable hides',
  ],
  [
    "source and content",
    inImage("files:", "  /x: {source: ./public, content: x}"),
    "6:30: expected source or content, got both",
  ],
  [
    "an unknown lint",
    inImage("lints:", "  host-keys: {reason: none}"),
    '6:7: expected a known key, got "host-keys"; did you mean "host-key"?',
  ],
  [
    "neither source nor content",
    inImage("files:", '  /x: {mode: "0644"}'),
    '6:7: expected one of the keys "source" and "content", got neither',
  ],
  [
    "a mode without quotes",
    inImage("files:", "  /x: {source: ./public, mode: 0644}"),
    '6:36: expected permission bits in quotes, such as "0644", got 0644',
  ],
  [
    "a size with a wrong unit",
    inImage("writable: {/run: 16MB}"),
    '5:22: expected a size such as 512K, 16M or 1G, got "16MB"; did you mean "16M"?',
  ],
  ["a size of nothing", inImage("writable: {/run: 0}"), "5:22: expected a size such as 512K, 16M or 1G, got 0"],
  [
    "a writable system",
    inImage("writable: {/usr/lib/x: 1M}"),
    '5:16: expected a folder for data, such as /run or /var/lib/NAME (the system itself stays read-only), got "/usr/lib/x"',
  ],
  [
    "a writable root",
    inImage("writable: {/: 1M}"),
    '5:16: expected a folder for data, such as /run or /var/lib/NAME (the system itself stays read-only), got "/"',
  ],
  [
    "a writable path twice",
    inImage("writable: {/run: 1M, /run/: 2M}"),
    '5:26: expected each path once, got "/run/", which is "/run" again',
  ],
  ["a port out of range", inImage("port: 65536"), "5:11: expected a port from 1 to 65535, got 65536"],
  [
    "a port in quotes",
    inImage('port: "8080"'),
    '5:11: expected a port from 1 to 65535, got "8080"; did you mean 8080?',
  ],
  ["yes for true", inImage("recommends: yes"), '5:17: expected true or false, got "yes"; did you mean true?'],
  ["an unknown word", inImage("compression: gzp"), '5:18: expected gzip or zstd, got "gzp"; did you mean "gzip"?'],
  [
    "a number in the environment",
    inImage("environment: {PORT: 8080}"),
    "5:25: expected a text (numbers in quotes), got 8080",
  ],
  ["a bad variable", inImage("environment: {A-B: x}"), '5:19: expected a variable\'s name, got "A-B"'],
  [
    "a command that is no list",
    inImage("command: nginx"),
    '5:14: expected a list of a program and its arguments, such as [nginx, -t], got "nginx"',
  ],
  ["a NUL in a command", inImage('run: ["a\\0b"]'), '5:11: expected a shell command, got "a\\u0000b"'],
  [
    "a bad account",
    inImage("user: Root User"),
    '5:11: expected an account such as www-data, 33 or 33:33, got "Root User"',
  ],
  [
    "two kinds of test",
    inImage("tests:", "  - {name: a, run: [x], get: /}"),
    `6:29: expected exactly one of the keys ${kinds}, got run and get`,
  ],
  ["no kind of test", inImage("tests:", "  - {name: a}"), `6:9: expected one of the keys ${kinds}, got none of them`],
  [
    "a misspelt kind of test, once",
    inImage("tests:", "  - {name: a, prot: 80}"),
    '6:19: expected a known key, got "prot"; did you mean "port"?',
  ],
  [
    "a key of another kind of test",
    inImage("tests:", "  - {name: a, port: 80, status: 200}"),
    "6:29: expected only name beside port, got status",
  ],
  [
    "an absent file with a mode",
    inImage("tests:", '  - {name: a, file: /x, absent: true, mode: "0644"}'),
    "6:43: expected nothing more about a file that is absent, got mode",
  ],
  [
    "a test without a name",
    inImage("tests:", "  - {port: 80}"),
    '6:9: expected the key "name" (a name), got no such key',
  ],
  [
    "two tests of one name",
    inImage("tests:", "  - {name: a, port: 80}", "  - {name: a, port: 81}"),
    '7:16: expected a name that no other test has, got "a" again',
  ],
  [
    "a service of an unknown image",
    inService().replace("image: web", "image: wbe"),
    '8:12: expected an image of this file, got "wbe"; did you mean "web"?',
  ],
  [
    "a service that listens without a port",
    inService("listen: 127.0.0.1:80").replace("    port: 8080\n", "    user: root\n"),
    '8:12: expected an image with a port, since the service listens or is asked over the network, got "web", which has none',
  ],
  [
    "an address without a port",
    inService("listen: 127.0.0.1"),
    '9:13: expected an address and a port, such as 127.0.0.1:8088, got "127.0.0.1"',
  ],
  ["an address that is none", inService("listen: 300.0.0.1:80"), '9:13: expected an IP address, got "300.0.0.1:80"'],
  [
    "an address twice",
    `${inService("listen: 127.0.0.1:80")}  b: {image: web, listen: "127.0.0.1:80"}\n`,
    '10:27: expected an address that no other service has, got "127.0.0.1:80", which is the address of web',
  ],
  [
    "two probes",
    inService("health: {get: /, tcp: true}"),
    "9:22: expected exactly one of the keys get, run, tcp, got get and tcp",
  ],
  [
    "an address of an environment that is none",
    inService("in: {staging: {listen: 127.0.0.1:0}}"),
    '9:28: expected a port from 1 to 65535 after the address, got "127.0.0.1:0"',
  ],
  [
    "a canary of more than all",
    inService("replicas: 2", "update: {strategy: canary, canary: 3}"),
    "10:40: expected at most as many as replicas, got 3 of 2",
  ],
  [
    "a secret where a file is",
    inService("files: {/run/x: {content: a}}", "secrets: {/run/x/: b}"),
    '10:15: expected each path once, got "/run/x/"',
  ],
  [
    "a configuration file that is not there",
    inService("files: {/etc/x: ./absent.conf}"),
    '9:21: expected an existing file or folder, got "./absent.conf"',
  ],
  [
    "an exception of no rule",
    inService("guard: {exceptions: [{rule: foreign-binary, reason: a}]}"),
    '9:33: expected a rule of the guard (docs/guard.md), got "foreign-binary"',
  ],
  [
    "an exception without a reason",
    inService("guard: {exceptions: [{rule: foreign-script}]}"),
    '9:26: expected the key "reason" (a reason), got no such key',
  ],
  ["no probe", inService("health: {interval: 1s}"), "9:5: expected one of the keys get, run, tcp, got none of them"],
  [
    "a duration without a unit",
    inService("health: {get: /, interval: 5}"),
    '9:32: expected a duration such as 500ms, 1s or 5m, got 5; did you mean "5s"?',
  ],
  [
    "a deadline before its time",
    inService("update: {healthy_deadline: 1s}"),
    '9:32: expected min_healthy_time below healthy_deadline, got "1s"',
  ],
  [
    "deadlines in the wrong order",
    inService("update: {healthy_deadline: 10m}"),
    '9:32: expected healthy_deadline not above progress_deadline, got "10m"',
  ],
  [
    "a missing policy",
    `${inImage()}environments: {production: {policy: p.cedar}}\n`,
    '5:37: expected an existing file or folder, got "p.cedar"',
  ],
  [
    "more approvals than there can be people",
    `${inImage()}environments: {production: {approvals: 21}}\n`,
    "5:40: expected a number of people from 0 to 20, got 21",
  ],
  [
    "approvals that are no number",
    `${inImage()}environments: {production: {approvals: two}}\n`,
    '5:40: expected a number of people from 0 to 20, got "two"',
  ],
  [
    "a missing keyring",
    `${inImage()}keyring: ./nginx.cong\n`,
    '5:10: expected an existing keyring file, got "./nginx.cong"; did you mean "./nginx.conf"?',
  ],
  [
    "a mirror that is no URL",
    `${inImage()}mirror: deb.example\n`,
    '5:9: expected a URL that starts with http:// or https://, got "deb.example"',
  ],
];

for (const [title, definition, ...expected] of cases) {
  test(`${title}: reported with its place, what was expected and what was meant`, async (t) => {
    const mistakes = await mistakesOf(makeFolder(t, definition));
    assert.deepEqual(
      mistakes,
      expected.map((line) => `ingot.yaml:${line}`),
    );
  });
}

test("all mistakes are reported at once, in the order of the text", async (t) => {
  const definition =
    "images:\n  web:\n    prot: 1\n    base: image:x\n    files: {/x: ./y}\n    packages: [A]\nservices: {web: {image: 7}}\n";
  const places = (await mistakesOf(makeFolder(t, definition))).map((line) => line.split(":").slice(1, 3).join(":"));
  assert.deepEqual(places, ["1:1", "3:5", "4:11", "5:17", "6:16", "7:25"]);
});

test("YAML that is broken is reported by its own place, tabs among it", async (t) => {
  const [tab] = await mistakesOf(makeFolder(t, "project: shop\nimages:\n\tweb: {}\n"));
  assert.match(tab ?? "", /^ingot\.yaml:3:1: expected valid YAML, got a mistake: Tabs are not allowed/);
  const [open] = await mistakesOf(makeFolder(t, "project: shop\nimages: {web: [\n"));
  assert.match(open ?? "", /^ingot\.yaml:\d:\d+: expected valid YAML, got a mistake: /);
  const [two] = await mistakesOf(makeFolder(t, "project: shop\n---\nproject: shop\n"));
  assert.match(two ?? "", /^ingot\.yaml:2:1: expected valid YAML/);
  const [tag] = await mistakesOf(makeFolder(t, "project: !secret shop\n"));
  assert.match(tag ?? "", /^ingot\.yaml:1:10: expected valid YAML, got a mistake: Unresolved tag/);
});

test("bytes that are no UTF-8 and a file without end are refused", async (t) => {
  assert.deepEqual(await mistakesOf(makeFolder(t, Buffer.from("project: a\nx: \xff\n", "latin1"))), [
    "ingot.yaml:2:1: expected UTF-8, got other bytes",
  ]);
  assert.deepEqual(await mistakesOf(makeFolder(t, "#".repeat(2 ** 20 + 1))), [
    "ingot.yaml:1:1: expected at most 1 MiB, got 1048577 bytes",
  ]);
});

test("aliases that stand for billions of values end with a mistake and not with the machine's memory", async (t) => {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `x${level + 1}: &x${level + 1} [${Array(9).fill(`*x${level}`).join(", ")}]`,
  );
  const mistakes = await mistakesOf(makeFolder(t, ["x0: &x0 [a]", ...levels, ""].join("\n")));
  assert.ok(mistakes.some((line) => line.endsWith("expected at most 50000 values, got more through aliases")));
});

test("aliases of aliases that nest without end are a mistake and not a crash", async (t) => {
  const levels = Array.from({ length: 5000 }, (_, level) => `x${level + 1}: &x${level + 1} [*x${level}]`);
  const mistakes = await mistakesOf(makeFolder(t, ["x0: &x0 [a]", ...levels, ""].join("\n")));
  assert.ok(mistakes.some((line) => line.endsWith("expected at most 64 levels, got more")));
});

test("brackets that nest without end are a mistake and not a crash", async (t) => {
  for (const open of ["[", "- ", "? ", "{a: "])
    assert.ok((await mistakesOf(makeFolder(t, open.repeat(5000)))).length > 0);
});

test("a symbolic link that leads out of the project is refused, one inside it is followed", async (t) => {
  const folder = makeFolder(t, inImage("files:", "  /a: ./inside", "  /b: ./outside"));
  symlinkSync("public", join(folder, "inside"));
  symlinkSync("/etc/passwd", join(folder, "outside"));
  assert.deepEqual(await mistakesOf(folder), [
    'ingot.yaml:7:11: expected a path inside the project\'s folder, got "./outside", a link to /etc/passwd',
  ]);
});

test("an alias carries the value and its place", async (t) => {
  const shared =
    "project: shop\nimages:\n  a: {base: debian:bookworm, packages: &p [curl]}\n  b: {base: debian:bookworm, packages: *p}\n";
  const project = await loadProject(join(makeFolder(t, shared), "ingot.yaml"));
  assert.deepEqual(project.images.get("b")?.packages, ["curl"]);
});

test("the nearest ingot.yaml upwards is the project, and a missing one says what to do", (t) => {
  const folder = makeFolder(t, inImage());
  assert.equal(findProject(join(folder, "public")), join(folder, "ingot.yaml"));
  assert.equal(findProject("/", folder), join(folder, "ingot.yaml"));
  assert.equal(findProject(folder, "./ingot.yaml"), join(folder, "ingot.yaml"));
  assert.throws(() => findProject("/proc"), { code: "definition-missing" });
  assert.throws(() => findProject(folder, "public"), { code: "definition-missing" });
});

test("a file that is not there is definition-missing", async () => {
  await assert.rejects(loadProject("/nowhere/ingot.yaml"), { code: "definition-missing" });
});
