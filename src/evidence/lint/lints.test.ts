import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { lintNames } from "../../project/lint-names.ts";
import type { LintSubject } from "./lint.ts";
import { subjectOf } from "./lint.fixture.ts";
import { lints } from "./lints.ts";

/** The places that a lint finds in an image; fails where the lint is skipped. */
function find(name: string, subject: LintSubject): readonly string[] {
  const found = lints.find((lint) => lint.name === name)?.check(subject);
  assert.ok(found && !("skipped" in found), `${name} was skipped`);
  return found.map(({ where }) => where);
}

function isSkipped(name: string, subject: LintSubject): boolean {
  const found = lints.find((lint) => lint.name === name)?.check(subject);
  return found !== undefined && "skipped" in found;
}

const { privateKey: key } = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

test("a definition may name exactly the lints that there are", () => {
  assert.deepEqual(lints.map(({ name }) => name).toSorted(), [...lintNames].toSorted());
});

// Put together, so that no scanner of this repository takes a test for a secret.
const begin = "-----BEGIN";
const npmToken = ["_auth", "Token"].join("");

test("private-key: finds keys, and not what only speaks of them", () => {
  const files = [
    { path: "srv/tls.pem", content: `certificate first\n${key}` },
    {
      path: "etc/app/old.pem",
      content: `${begin} RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\nMIIEpAIBAAKCAQEA0123456789\n`,
    },
    { path: "root/.ssh/id", content: `${begin} OPENSSH PRIVATE KEY-----\r\nb3BlbnNzaC1rZXktdjEAAAAABG5v\r\n` },
    {
      path: "root/secret.asc",
      content: `${begin} PGP PRIVATE KEY BLOCK-----\nVersion: 2\n\nlQOYBFxyz0123456789abcdef\n`,
    },
    { path: "srv/account.json", content: `{"private_key": "${begin} PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG"}` },
    { path: "srv/key.ppk", content: "PuTTY-User-Key-File-3: ssh-ed25519\n" },
    { path: "srv/key.p12", content: "\x30\x10\x02\x01\x03\x30" },
  ];
  assert.deepEqual(
    find("private-key", subjectOf(files)),
    files.map(({ path }) => `/${path}`),
  );
  const innocent = [
    { path: "srv/readme", content: `Paste the text from ${begin} PRIVATE KEY----- to the end.\n` },
    { path: "srv/public.pem", content: "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQ\n" },
    { path: "usr/local/bin/tool", content: `\0${begin} PRIVATE KEY-----\0-----END PRIVATE KEY-----\0` },
    { path: "srv/notes.p12", content: "how to make a p12" },
  ];
  assert.deepEqual(find("private-key", subjectOf(innocent)), []);
});

test("token: finds the known forms in files, variables and labels, and never repeats them", () => {
  // Put together here, so that no scanner of this repository takes them for real ones.
  const github = `ghp_${"a1B2".repeat(9)}`;
  const aws = `AKIA${"ABCD".repeat(4)}`;
  const subject = subjectOf(
    [
      { path: "srv/config", content: `one\ntoken = ${github}\n` },
      { path: "root/.docker/config.json", content: '{"auths": {"registry": {"auth": "dXNlcjpwYXNz"}}}' },
      { path: "srv/url", content: "postgres://shop:s3cret@db/shop" },
      { path: "root/.npmrc", content: `//host/:${npmToken}=abcdef` },
    ],
    { run: { Env: ["PATH=/bin", `KEY=${aws}`], Labels: { note: github } } },
  );
  assert.deepEqual(find("token", subject), [
    "/srv/config",
    "/root/.docker/config.json",
    "/srv/url",
    "/root/.npmrc",
    "variable KEY",
    "label note",
  ]);
  const report = JSON.stringify(lints.find(({ name }) => name === "token")?.check(subject));
  assert.match(report, /line 2/);
  for (const secret of [github, aws, "s3cret", "dXNlcjpwYXNz"])
    assert.ok(!report.includes(secret), "a secret is in the report");
});

test("token: passes over placeholders, hashes and addresses without a password", () => {
  const files = [
    { path: "srv/a", content: "postgres://shop@db/shop https://user:${PASSWORD}@host/ https://user:<password>@host/" },
    { path: "srv/b", content: `sha256:${"0123456789abcdef".repeat(4)} AKIA123 ghp_short` },
    { path: "root/.npmrc", content: `//host/:${npmToken}=\${NPM_TOKEN}` },
    { path: "root/.docker/config.json", content: '{"credsStore": "pass", "auths": {}}' },
  ];
  assert.deepEqual(find("token", subjectOf(files, { run: { Env: ["PATH=/usr/bin"] } })), []);
});

test("host-key: finds the private halves only", () => {
  const bad = subjectOf([
    { path: "etc/ssh/ssh_host_ed25519_key", content: key },
    { path: "etc/dropbear/dropbear_rsa_host_key" },
  ]);
  assert.deepEqual(find("host-key", bad), ["/etc/ssh/ssh_host_ed25519_key", "/etc/dropbear/dropbear_rsa_host_key"]);
  assert.deepEqual(find("private-key", bad), [], "a host key is reported once");
  assert.deepEqual(
    find("host-key", subjectOf([{ path: "etc/ssh/ssh_host_ed25519_key.pub" }, { path: "etc/ssh/sshd_config" }])),
    [],
  );
});

test("machine-id: an empty or uninitialised one is as it should be", () => {
  assert.deepEqual(
    find(
      "machine-id",
      subjectOf([
        { path: "etc/machine-id", size: 33 },
        { path: "var/lib/systemd/random-seed", size: 512 },
      ]),
    ),
    ["/etc/machine-id", "/var/lib/systemd/random-seed"],
  );
  assert.deepEqual(find("machine-id", subjectOf([{ path: "etc/machine-id", size: 0 }])), []);
  assert.deepEqual(find("machine-id", subjectOf([{ path: "etc/machine-id", size: "uninitialized\n".length }])), []);
  const link = { path: "var/lib/dbus/machine-id", type: "symlink" as const, linkname: "/etc/machine-id", size: 15 };
  assert.deepEqual(find("machine-id", subjectOf([link])), []);
});

test("unexpected-setuid: Debian's own programs pass, of their own package and with their own bits only", () => {
  const bad = [
    { path: "usr/bin/bash", mode: 0o4755, owner: "bash" },
    { path: "usr/bin/su", mode: 0o4755, owner: "evil" },
    { path: "usr/bin/passwd", mode: 0o6755, owner: "passwd" },
    { path: "srv/helper", mode: 0o2755 },
    { path: "srv/other", mode: 0o4755, type: "hardlink" as const, linkname: "srv/helper" },
  ];
  assert.deepEqual(
    find("unexpected-setuid", subjectOf(bad)),
    bad.map(({ path }) => `/${path}`),
  );
  const good = [
    { path: "usr/bin/su", mode: 0o4755, owner: "util-linux" },
    { path: "bin/mount", mode: 0o4755, owner: "mount" },
    { path: "usr/bin/chage", mode: 0o2755, owner: "passwd" },
    { path: "var/mail", mode: 0o2775, type: "directory" as const },
  ];
  assert.deepEqual(find("unexpected-setuid", subjectOf(good)), []);
});

test("unexpected-capabilities: names them, and knows ping", () => {
  // struct vfs_cap_data, revision 2: cap_net_raw (13), and cap_sys_admin (21), permitted.
  const raw = "0100000200200000000000000000000000000000";
  const admin = "0100000200002000000000000000000000000000";
  const high = "0100000200000000000000008000000000000000";
  const bad = subjectOf([
    { path: "usr/bin/python3", xattrs: { "security.capability": admin }, owner: "python3" },
    { path: "usr/bin/ping", xattrs: { "security.capability": admin }, owner: "iputils-ping" },
    { path: "srv/ping", xattrs: { "security.capability": raw } },
    { path: "srv/odd", xattrs: { "security.capability": "00" } },
    { path: "srv/high", xattrs: { "security.capability": high } },
  ]);
  const found = lints.find(({ name }) => name === "unexpected-capabilities")?.check(bad);
  assert.deepEqual(found, [
    { where: "/usr/bin/python3", what: "has cap_sys_admin" },
    { where: "/usr/bin/ping", what: "has cap_sys_admin" },
    { where: "/srv/ping", what: "has cap_net_raw" },
    { where: "/srv/odd", what: "has capabilities of an unknown form" },
    { where: "/srv/high", what: "has cap_bpf" },
  ]);
  const good = subjectOf([{ path: "bin/ping", xattrs: { "security.capability": raw }, owner: "iputils-ping" }]);
  assert.deepEqual(find("unexpected-capabilities", good), []);
});

test("world-writable: a sticky folder passes, a file and another folder do not", () => {
  const bad = [
    { path: "srv/file", mode: 0o666 },
    { path: "srv/folder", type: "directory" as const, mode: 0o777 },
  ];
  assert.deepEqual(find("world-writable", subjectOf(bad)).toSorted(), ["/srv/file", "/srv/folder"]);
  const good = [
    { path: "tmp", type: "directory" as const, mode: 0o1777 },
    { path: "bin", type: "symlink" as const, mode: 0o777, linkname: "usr/bin" },
  ];
  assert.deepEqual(find("world-writable", subjectOf(good)), []);
});

test("service-writable: what the account owns or its groups may write, but for what is declared", () => {
  const account = { name: "www-data", uid: 33, gids: [33, 44] };
  const files = [
    { path: "var/www/page", uid: 33, mode: 0o444 },
    { path: "etc/app.conf", gid: 44, mode: 0o664 },
    { path: "var/lib/app/state", uid: 33, mode: 0o600 },
    { path: "etc/read.conf", gid: 33, mode: 0o640 },
    { path: "srv/link", uid: 33, type: "symlink" as const, linkname: "x", mode: 0o777 },
  ];
  const subject = subjectOf(files, { account, writable: ["/var/lib/app"] });
  assert.deepEqual(find("service-writable", subject), ["/var/www/page", "/etc/app.conf"]);
  assert.deepEqual(find("service-writable", subjectOf([{ path: "etc/passwd" }], { account })), []);
  assert.ok(isSkipped("service-writable", subjectOf(files)), "root may write everything");
});

test("dangling-link: relative, absolute, through links and in circles; not a package's own, not what a runtime brings", () => {
  const link = (path: string, linkname: string, owner?: string) => ({
    path,
    type: "symlink" as const,
    linkname,
    ...(owner !== undefined && { owner }),
  });
  const files = [
    link("srv/a", "missing"),
    link("srv/b", "/nowhere/else"),
    link("srv/c", "d"),
    link("srv/d", "c"),
    link("srv/e", "../etc/../srv/missing"),
    link("srv/owned", "missing", "some-package"),
    link("etc/mtab", "../proc/self/mounts"),
    link("var/run", "/run"),
    link("srv/state", "/var/lib/app/now"),
    link("bin", "usr/bin"),
    { path: "usr/bin/tool" },
    link("srv/tool", "/bin/tool"),
    link("srv/folder", "../usr/"),
    link("srv/root", "/"),
    link("srv/above", "../../../usr/bin/tool"),
  ];
  const subject = subjectOf(files, { writable: ["/var/lib/app"] });
  assert.deepEqual(find("dangling-link", subject), ["/srv/a", "/srv/b", "/srv/c", "/srv/d", "/srv/e"]);
  assert.deepEqual(find("dangling-link", subjectOf([link("srv/tool", "file"), { path: "srv/file" }])), []);
});

test("shell and package-manager: only where the definition says that there is none", () => {
  const files = [
    { path: "usr/bin/dash", mode: 0o755 },
    { path: "usr/bin/sh", type: "symlink" as const, linkname: "dash" },
    { path: "usr/bin/apt-get", mode: 0o755 },
    { path: "usr/local/bin/pip3.11", mode: 0o755 },
    { path: "usr/share/doc/bash", mode: 0o644 },
    { path: "usr/bin/nginx", mode: 0o755 },
  ];
  const without = subjectOf(files, { without: ["shell", "package-manager"] });
  assert.deepEqual(find("shell", without), ["/usr/bin/dash", "/usr/bin/sh"]);
  assert.deepEqual(find("package-manager", without), ["/usr/bin/apt-get", "/usr/local/bin/pip3.11"]);
  assert.ok(isSkipped("shell", subjectOf(files, { without: ["package-manager"] })));
  assert.ok(isSkipped("package-manager", subjectOf(files)));
  const clean = subjectOf([{ path: "usr/bin/nginx", mode: 0o755 }], { without: ["shell", "package-manager"] });
  assert.deepEqual([...find("shell", clean), ...find("package-manager", clean)], []);
});

test("undeclared-port: the declared one passes", () => {
  const run = { ExposedPorts: { "8080/tcp": {} } };
  const listening = [
    { port: 8080, process: "nginx" },
    { port: 9229, process: "node" },
  ];
  assert.deepEqual(find("undeclared-port", subjectOf([], { run, listening })), ["port 9229"]);
  assert.deepEqual(find("undeclared-port", subjectOf([], { run, listening: listening.slice(0, 1) })), []);
  assert.ok(isSkipped("undeclared-port", subjectOf([], { run })));
});

test("unexplained-content: what neither a package nor the definition brings", () => {
  const files = [{ path: "opt/tool/x" }, { path: "srv/www/page" }, { path: "usr/bin/nginx", owner: "nginx" }];
  assert.deepEqual(find("unexplained-content", subjectOf(files, { files: ["/srv/www"] })), ["/opt/tool/x"]);
  assert.deepEqual(find("unexplained-content", subjectOf(files, { files: ["/srv/www", "/opt/tool"] })), []);
  assert.ok(isSkipped("unexplained-content", subjectOf(files)));
});
