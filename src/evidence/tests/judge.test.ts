import assert from "node:assert/strict";
import test from "node:test";
import { ended, passwd, plainFile } from "./fake-instance.fixture.ts";
import { judgeFile } from "./judge-file.ts";
import { judgePort, judgeProcess, judgeUser } from "./judge-look.ts";
import { judgeRun } from "./judge-run.ts";
import type { FileTest } from "./test-definition.ts";
import type { ProgramEnd, SeenFile } from "./test-instance.ts";

const hold = { isPassed: true };

test("run: the exit code and the text decide", () => {
  const run = { kind: "run", run: ["nginx", "-t"] } as const;
  const judge = (more: object, end: ProgramEnd): string | undefined => judgeRun({ ...run, ...more }, end, 2500).message;
  assert.deepEqual(judgeRun(run, ended(0), 1), hold);
  assert.deepEqual(judgeRun({ ...run, exit: 3 }, ended(3), 1), hold);
  assert.equal(judge({}, ended(1)), "expected nginx to end with exit code 0, got 1");
  assert.equal(judge({ exit: 3 }, ended(0)), "expected nginx to end with exit code 3, got 0");
  assert.equal(
    judge({ contains: "ok" }, ended(0, { isFound: false })),
    'expected nginx to print "ok", which it did not',
  );
});

test("run: a time-out, a signal, a limit and a missing program are each told", () => {
  const run = { kind: "run", run: ["x"], exit: 1 } as const;
  const judge = (more: object): string | undefined => judgeRun(run, ended(0, more), 2500).message;
  const wanted = "expected x to end with exit code 1";
  assert.equal(judge({ status: "timed-out" }), `${wanted}; it was ended with all that it started after 2.5 s`);
  assert.equal(judge({ status: "killed", signal: "SIGSEGV" }), `${wanted}; SIGSEGV ended it`);
  assert.equal(judge({ status: "not-started", reason: "none" }), `${wanted}; it could not be started: none`);
  assert.match(judge({ limitsMet: ["processes"] }) ?? "", /got 0, and it met the instance's limit of processes$/);
  assert.match(judge({ status: "killed", signal: "SIGKILL", limitsMet: ["memory"] }) ?? "", /limit of memory$/);
});

test("run: what is not kept of the output is said", () => {
  const { output } = judgeRun({ kind: "run", run: ["x"] }, ended(0, { output: "end", cut: 77 }), 1);
  assert.equal(output, "… 77 bytes before this are not kept …\nend");
});

const files: readonly { of: Partial<FileTest>; seen: SeenFile | undefined; says: RegExp | undefined }[] = [
  { of: {}, seen: plainFile(), says: undefined },
  { of: {}, seen: undefined, says: /^expected \/f to be there; it is not$/ },
  { of: { absent: true }, seen: undefined, says: undefined },
  { of: { absent: true }, seen: plainFile({ type: "folder" }), says: /^expected nothing at \/f, got a folder$/ },
  { of: { mode: 0o644 }, seen: plainFile(), says: undefined },
  { of: { mode: 0o755 }, seen: plainFile({ mode: 0o4755 }), says: /the mode 0755, got 4755$/ },
  { of: { owner: "root" }, seen: plainFile(), says: undefined },
  { of: { owner: "33" }, seen: plainFile({ uid: 33 }), says: undefined },
  { of: { owner: "www-data" }, seen: plainFile(), says: /to belong to www-data, got root \(0\)$/ },
  { of: { owner: "0" }, seen: plainFile({ uid: 7 }), says: /to belong to 0, got 7$/ },
  { of: { owner: "nobody" }, seen: plainFile(), says: /nobody, which is no account of the image; it belongs to root/ },
  { of: { contains: "x" }, seen: plainFile(), says: undefined },
  { of: { contains: "x" }, seen: plainFile({ isFound: false }), says: /to contain "x"; its 12 bytes do not$/ },
  { of: { contains: "x" }, seen: plainFile({ isFound: false, isCut: true }), says: /in its first 256 MiB$/ },
  { of: { contains: "x" }, seen: plainFile({ type: "folder", isFound: false }), says: /it is a folder$/ },
];

test("file: presence, mode, owner and content, each alone", () => {
  for (const { of, seen, says } of files) {
    const verdict = judgeFile({ kind: "file", file: "/f", ...of }, seen, passwd);
    assert.equal(verdict.isPassed, says === undefined, JSON.stringify(of));
    assert.match(verdict.message ?? "", says ?? /^$/);
  }
});

test("port: only a port that is listened on holds, and the others are named", () => {
  const listening = () => [
    { port: 80, isLocal: false },
    { port: 9000, isLocal: true },
  ];
  assert.deepEqual(judgePort({ kind: "port", port: 9000 }, { listening }), hold);
  assert.match(
    judgePort({ kind: "port", port: 8080 }, { listening }).message ?? "",
    /; only 80, 9000 \(only inside\)$/,
  );
  assert.match(judgePort({ kind: "port", port: 1 }, { listening: () => [] }).message ?? "", /; none is$/);
});

test("port: of thousands that are open, the first are named", () => {
  const listening = () => Array.from({ length: 60_000 }, (_, at) => ({ port: at + 2, isLocal: false }));
  assert.match(judgePort({ kind: "port", port: 1 }, { listening }).message ?? "", /; only 2, .* 21 and 59980 more$/);
});

test("user: an account by name or number, and its shell", () => {
  assert.deepEqual(judgeUser({ kind: "user", user: "www-data" }, passwd), hold);
  assert.deepEqual(judgeUser({ kind: "user", user: "33", shell: "/usr/sbin/nologin" }, passwd), hold);
  assert.deepEqual(judgeUser({ kind: "user", user: "sync", shell: "/bin/sh" }, passwd), hold);
  assert.match(judgeUser({ kind: "user", user: "root", shell: "/bin/sh" }, passwd).message ?? "", /got \/bin\/bash$/);
  for (const user of ["alice", "broken"]) assert.equal(judgeUser({ kind: "user", user }, passwd).isPassed, false);
});

test("process: by any of its names, also one longer than the kernel keeps, and by its user", () => {
  const processes = () => [
    { names: ["nginx"], uid: 33 },
    { names: ["a-very-long-nam"], uid: 0 },
  ];
  const judge = (process: string, user?: string) =>
    judgeProcess({ kind: "process", process, ...(user === undefined ? {} : { user }) }, { processes }, passwd);
  for (const held of [judge("nginx"), judge("a-very-long-name"), judge("nginx", "www-data"), judge("nginx", "33")])
    assert.deepEqual(held, hold);
  assert.equal(judge("nginx", "root").message, "expected nginx to run as root, got www-data (33)");
  assert.equal(judge("nginx", "alice").isPassed, false);
  assert.match(judge("apache2").message ?? "", /^expected a process apache2; there are a-very-long-nam, nginx$/);
});
