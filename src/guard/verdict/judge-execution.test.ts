import assert from "node:assert/strict";
import { test } from "node:test";
import type { SeenExecution } from "../watch/read-process.ts";
import type { InstanceView } from "./instance-view.ts";
import { judgeExecution, type Execution } from "./judge-execution.ts";

const files: Readonly<Record<string, { path: string; inode: number }>> = {
  "/bin/sh": { path: "/usr/bin/dash", inode: 1 },
  "/usr/bin/dash": { path: "/usr/bin/dash", inode: 1 },
  "/usr/bin/perl": { path: "/usr/bin/perl", inode: 2 },
  "/app/run.sh": { path: "/app/run.sh", inode: 3 },
  "/lib64/ld-linux-x86-64.so.2": { path: "/usr/lib/ld-linux-x86-64.so.2", inode: 4 },
  "/usr/lib/ld-linux-x86-64.so.2": { path: "/usr/lib/ld-linux-x86-64.so.2", inode: 4 },
  "/tmp/of-the-image": { path: "/tmp/of-the-image", inode: 5 },
  "/opt/link": { path: "/tmp/of-the-image", inode: 5 },
};
const device = 7;
const view: InstanceView = {
  image: {
    device,
    find: (path) => {
      const file = files[path];
      return file === undefined ? undefined : { kind: "file", device, ...file };
    },
  },
  covered: ["/tmp", "/proc", "/dev", "/etc/hosts"],
  isSealed: false,
};

const runs = (link: string, inode: number, rest: Partial<SeenExecution> = {}): SeenExecution => ({
  program: { link, device, inode, isDeleted: false },
  command: [link],
  folder: "/",
  preloads: [],
  input: "/dev/null",
  ...rest,
});

function judge(filename: string, rest: Partial<Execution> = {}): string[] {
  const verdicts = judgeExecution(view, { pid: 9, filename, folders: [], former: "/usr/bin/dash", ...rest });
  return verdicts.map(({ rule, subject }) => `${rule} ${subject}`);
}

test("what the image has is explained, by name and by file", () => {
  assert.deepEqual(judge("/bin/sh"), []);
  assert.deepEqual(judge("/bin/sh", { seen: runs("/usr/bin/dash", 1, { command: ["sh", "-c", ". /tmp/x"] }) }), []);
  assert.deepEqual(
    judge("/app/run.sh", {
      interpreter: "/bin/sh",
      seen: runs("/usr/bin/dash", 1, { command: ["/bin/sh", "/app/run.sh"] }),
    }),
    [],
  );
  assert.deepEqual(judge("./dash", { folders: ["/usr/bin"] }), []);
  assert.deepEqual(judge("/proc/self/exe"), []);
});

test("what lies under a mount is not the image's, by whatever way", () => {
  assert.deepEqual(judge("/tmp/of-the-image"), ["foreign-executable /tmp/of-the-image"]);
  assert.deepEqual(judge("/opt/link"), ["foreign-executable /opt/link"]);
  assert.deepEqual(judge("/usr/bin/../../tmp/of-the-image"), ["foreign-executable /usr/bin/../../tmp/of-the-image"]);
});

test("a relative name that nobody can place is drift", () => {
  assert.deepEqual(judge("./dash", { folders: ["/tmp"] }), ["foreign-executable ./dash"]);
  assert.deepEqual(judge("./dash"), ["foreign-executable ./dash"]);
});

test("an open file that was executed is judged by what runs; gone, it is drift", () => {
  assert.deepEqual(judge("/dev/fd/3"), ["memfd-executable /dev/fd/3"]);
  assert.deepEqual(judge("/dev/fd/3", { seen: runs("/usr/bin/perl", 2, { command: ["perl", "-e", "1"] }) }), []);
  const memory = { link: "/memfd:x (deleted)", device: 1, inode: 8, isDeleted: true };
  assert.deepEqual(judge("/dev/fd/3", { seen: { ...runs("", 0), program: memory } }), [
    "memfd-executable /memfd:x (deleted)",
  ]);
});

test("the name of an image's program on another file is no explanation", () => {
  const other = { link: "/usr/bin/perl", device: 99, inode: 2, isDeleted: false };
  assert.deepEqual(judge("/usr/bin/perl", { seen: { ...runs("", 0), program: other } }), [
    "foreign-executable /usr/bin/perl",
  ]);
  assert.deepEqual(judge("/usr/bin/perl", { seen: runs("/usr/bin/perl", 1) }), ["renamed-executable /usr/bin/perl"]);
});

test("the dynamic loader is judged by what it was told to run", () => {
  const loader = (...command: string[]) =>
    judge("/lib64/ld-linux-x86-64.so.2", { seen: runs("/usr/lib/ld-linux-x86-64.so.2", 4, { command }) });
  assert.deepEqual(loader("ld.so", "--verify", "/bin/sh"), []);
  assert.deepEqual(loader("ld.so", "--library-path", "/usr/lib", "/tmp/x"), ["foreign-executable /tmp/x"]);
  assert.deepEqual(judge("/lib64/ld-linux-x86-64.so.2"), ["foreign-executable /usr/lib/ld-linux-x86-64.so.2"]);
});

test("a relative name that nobody can place is explained where nothing that was written can be executed; a path never is", () => {
  const gone = { pid: 9, filename: "./x", folders: [], former: "/usr/bin/dash" };
  assert.deepEqual(judgeExecution({ ...view, isSealed: true }, gone), []);
  assert.equal(judgeExecution({ ...view, isSealed: true }, { ...gone, filename: "/tmp/x" }).length, 1);
});

test("a loader that is gone is explained where nothing that was written can be executed", () => {
  const loader = { pid: 9, filename: "/lib64/ld-linux-x86-64.so.2", folders: [], former: "/usr/bin/dash" };
  assert.deepEqual(judgeExecution({ ...view, isSealed: true }, loader), []);
  assert.equal(judgeExecution(view, loader).length, 1);
});

test("an interpreter is judged by its script, wherever that comes from", () => {
  const perl = (command: string[], rest: Partial<SeenExecution> = {}) =>
    judge("/usr/bin/perl", { seen: runs("/usr/bin/perl", 2, { command, ...rest }) });
  assert.deepEqual(perl(["perl", "-w", "x"], { folder: "/tmp" }), ["foreign-script /tmp/x"]);
  assert.deepEqual(perl(["perl", "-I", "/tmp", "/app/run.sh"]), []);
  assert.deepEqual(perl(["perl", "-e", "1", "/tmp/data"]), []);
  assert.deepEqual(perl(["perl"], { input: "/tmp/x" }), ["foreign-script /tmp/x"]);
  assert.deepEqual(perl(["perl"], { input: "/app/run.sh" }), []);
  assert.deepEqual(perl(["perl"], { input: "pipe:[1]" }), []);
});

test("a library that is to be loaded before all others must be the image's", () => {
  const seen = (preloads: string[]) =>
    judge("/bin/sh", { seen: runs("/usr/bin/dash", 1, { command: ["sh", "-c", "1"], preloads }) });
  assert.deepEqual(seen(["LD_PRELOAD=libjemalloc.so /usr/bin/perl"]), []);
  assert.deepEqual(seen(["LD_AUDIT=/usr/bin/perl:/tmp/x.so"]), ["foreign-mapping /tmp/x.so"]);
});

test("no name of an attacker reaches a terminal as it is", () => {
  const [verdict] = judgeExecution(view, { pid: 9, filename: "/tmp/\u001b[2J\u202ex\n", folders: [], former: "" });
  assert.equal(verdict?.subject, "/tmp/?[2J?x?");
});
