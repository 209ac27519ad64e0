import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMountEntry } from "../../runtime/mount-table.ts";
import { isExcepted, matchesPattern } from "./exceptions.ts";
import { drift } from "./finding.ts";
import { scriptOf } from "./interpreters.ts";
import { judgeFile } from "./judge-file.ts";
import { parseMaps } from "./judge-maps.ts";
import { judgeMounts } from "./judge-mounts.ts";
import { judgeState } from "./judge-state.ts";

const root = parseMountEntry("1 0 0:40 / / ro,nosuid - erofs /x ro");
const tmp = parseMountEntry("2 1 0:41 / /tmp rw,nosuid,nodev,noexec - tmpfs tmpfs rw,size=1024k");

test("a mount that came, went, or has other options is told with what it was", () => {
  const subjects = (now: Parameters<typeof judgeMounts>[1]) =>
    judgeMounts([root, tmp], now).map(({ subject }) => subject);
  assert.deepEqual(subjects([root, tmp]), []);
  assert.deepEqual(subjects([root]), ["/tmp"]);
  assert.deepEqual(subjects([root, tmp, { ...tmp, id: 3, target: "/usr/bin/x" }]), ["/usr/bin/x"]);
  assert.deepEqual(subjects([root, { ...tmp, options: ["rw", "nosuid", "nodev"] }]), ["/tmp"]);
  // The same place once more: two mounts on one target are two.
  assert.deepEqual(subjects([root, tmp, { ...tmp, id: 3 }]), ["/tmp"]);
});

test("an exception is for its rule and its paths, and for nothing beside them", () => {
  const exceptions = [{ rule: "foreign-script", path: "/tmp/cache/*/x.py", reason: "compiled" }] as const;
  const is = (path: string) => isExcepted(drift("foreign-script", path, ""), exceptions);
  assert.deepEqual(["/tmp/cache/a/x.py", "/tmp/cache/a/b/x.py", "/tmp/cache/a/x_py", "/tmp/cache/../x.py"].map(is), [
    true,
    false,
    false,
    false,
  ]);
  assert.equal(isExcepted(drift("dropped-program", "/tmp/cache/a/x.py", ""), exceptions), false);
  assert.equal(matchesPattern("/tmp/**", "/tmp/a/../../etc/x"), false);
  assert.equal(matchesPattern("/tmp/**/x", "/tmp/a/b/x"), true);
});

test("the script of an interpreter is found behind its options", () => {
  const script = (name: string, ...words: string[]) => {
    const source = scriptOf(name, [name, ...words]);
    return source?.kind === "file" ? source.path : source?.kind;
  };
  assert.equal(script("nginx", "/tmp/x"), undefined);
  assert.equal(script("dash", "/tmp/x", "-c"), "/tmp/x");
  assert.equal(script("bash", "-o", "pipefail", "/tmp/x"), "/tmp/x");
  assert.equal(script("bash", "-euc", "/tmp/x"), "inline");
  assert.equal(script("sh"), "input");
  assert.equal(script("sh", "-s", "a"), "input");
  assert.equal(script("python3.11", "-W", "ignore", "-u", "/tmp/x"), "/tmp/x");
  assert.equal(script("python3", "-m", "http.server"), "inline");
  assert.equal(script("node", "--require", "/app/a.js", "/tmp/x"), "/tmp/x");
  assert.equal(script("perl", "--", "/tmp/x"), "/tmp/x");
  assert.equal(script("gawk", "-f", "/tmp/x"), "/tmp/x");
  assert.equal(script("mawk", "{print}", "/tmp/data"), "inline");
  assert.equal(script("java", "-jar", "/tmp/x.jar"), "/tmp/x.jar");
  assert.equal(script("java", "-cp", "/app", "Main"), "inline");
});

test("only code that has a file is looked for in the maps", () => {
  const maps = `7f00-7f01 r-xp 00000000 00:2a 12   /usr/lib/a.so
7f01-7f02 rw-p 00000000 00:2a 13   /tmp/data
7f02-7f03 rwxp 00000000 00:00 0
7f03-7f04 r-xp 00000000 00:00 0    [vdso]
7f04-7f05 r-xp 00000000 00:2b 14   /tmp/a b\\012c (deleted)
`;
  assert.deepEqual(parseMaps(maps), [
    { path: "/usr/lib/a.so", inode: 12 },
    { path: "/tmp/a b\nc (deleted)", inode: 14 },
  ]);
});

test("a file that could be run is told, and data is not", () => {
  const rules = (mode: number, head: string) =>
    judgeFile({ path: "/tmp/x", mode, head: Buffer.from(head, "latin1") }).length;
  assert.deepEqual(
    [rules(0o644, "\x7fELF"), rules(0o600, "#!/b"), rules(0o611, "data"), rules(0o644, "data"), rules(0o600, "#x")],
    [1, 1, 1, 0, 0],
  );
});

test("each setting that is not what the first process had is told", () => {
  const none = "0000000000000000";
  const baseline = {
    process: { pid: 1, startTime: "1", bootId: "" },
    mounts: [],
    namespaces: { mnt: "mnt:[1]", net: "net:[2]" },
    settings: { NoNewPrivs: "1", Seccomp: "2", CapEff: none },
    idMaps: { uid_map: "0 1000 65536" },
  };
  const state = {
    pid: 2,
    program: "/usr/bin/x",
    settings: baseline.settings,
    namespaces: baseline.namespaces,
    idMaps: baseline.idMaps,
  };
  const judge = (change: Partial<typeof state>) =>
    judgeState(baseline, { ...state, ...change }).map(({ rule, subject }) => `${rule} ${subject}`);
  assert.deepEqual(judge({}), []);
  assert.deepEqual(judge({ settings: { ...baseline.settings, CapEff: "0000000000002000" } }), [
    "capability-regained /usr/bin/x",
  ]);
  assert.deepEqual(judge({ settings: { ...baseline.settings, Seccomp: "0" } }), ["hardening-changed Seccomp"]);
  assert.deepEqual(judge({ idMaps: { uid_map: "0 0 4294967295" } }), ["hardening-changed uid_map"]);
  assert.deepEqual(judge({ namespaces: { mnt: "mnt:[9]", net: "net:[2]" } }), ["namespace-changed mnt"]);
});
