import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type TestContext } from "node:test";
import { IngotError } from "../../ground/error.ts";
import { ended, fakeInstance } from "./fake-instance.fixture.ts";
import { runTests, type TestRun } from "./run-tests.ts";
import type { TestDefinition } from "./test-definition.ts";
import type { TestInstance } from "./test-instance.ts";
import type { CheckResult } from "./test-result.ts";

const ctx = { fetch: globalThis.fetch, signal: new AbortController().signal };

async function one(definition: TestDefinition, instance: TestInstance, run?: TestRun["run"]): Promise<CheckResult> {
  const [result] = await runTests(ctx, [definition], {
    run: run ?? (async () => ended(0)),
    shared: async () => instance,
  });
  assert.ok(result !== undefined);
  return result;
}

async function serve(t: TestContext, listener: RequestListener): Promise<TestInstance> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return fakeInstance({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

test("get: status and content decide, and a redirect is not followed", async (t) => {
  const instance = await serve(t, (request, response) => {
    if (request.url === "/moved") response.writeHead(302, { location: "/" }).end();
    else response.writeHead(request.url === "/" ? 200 : 404).end("Welcome");
  });
  const get = { kind: "get", name: "n", timeout: 200 } as const;
  assert.equal((await one({ ...get, get: "/", contains: "come" }, instance)).outcome, "passed");
  assert.equal((await one({ ...get, get: "/moved", status: 302 }, instance)).outcome, "passed");
  assert.match((await one({ ...get, get: "/moved" }, instance)).message ?? "", /with 200, got 302 to "\/", for 0.2 s$/);
  const missing = await one({ ...get, get: "/x" }, instance);
  assert.deepEqual([missing.outcome, missing.output], ["failed", "Welcome"]);
  assert.match(
    (await one({ ...get, get: "/", contains: "bye" }, instance)).message ?? "",
    /to contain "bye"; it does not/,
  );
});

test("get: an answer without end is read to a limit, and one that never comes ends with the test's time", async (t) => {
  const instance = await serve(t, (request, response) => {
    if (request.url === "/silent") return;
    response.writeHead(200).write("start ");
    const chunk = Buffer.alloc(1 << 20, "x");
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", more);
    more();
  });
  const get = { kind: "get", name: "n", timeout: 3000 } as const;
  assert.equal((await one({ ...get, get: "/", contains: "start" }, instance)).outcome, "passed");
  const endless = await one({ ...get, get: "/", contains: "end" }, instance);
  assert.match(endless.message ?? "", /it does not in its first 8388608 bytes/);
  assert.ok((endless.output ?? "").length <= 4096);
  const silent = await one({ ...get, timeout: 200, get: "/silent" }, instance);
  assert.match(silent.message ?? "", /there was no whole answer in time/);
  assert.ok(silent.duration < 2000);
});

test("a port that opens late is waited for, one that never does is not waited for longer than the test's time", async () => {
  let looks = 0;
  const late = fakeInstance({ listening: () => (++looks < 4 ? [] : [{ port: 80, isLocal: false }]) });
  assert.equal((await one({ kind: "port", name: "n", port: 80 }, late)).outcome, "passed");
  const never = await one(
    { kind: "port", name: "n", port: 80, timeout: 150 },
    fakeInstance({ lastOutput: () => "log" }),
  );
  assert.deepEqual([never.outcome, never.output], ["failed", "log"]);
  assert.ok(never.duration >= 150 && never.duration < 2000);
});

test("where nothing runs, what needs a living program fails at once and says why; files and accounts are still seen", async () => {
  const idle = fakeInstance({ whyIdle: () => "the image has no command", lastOutput: () => "last words" });
  for (const definition of [
    { kind: "port", name: "n", port: 80 },
    { kind: "process", name: "n", process: "nginx" },
    { kind: "get", name: "n", get: "/" },
  ] as const) {
    const { outcome, message = "", output, duration } = await one(definition, idle);
    assert.deepEqual([outcome, output], ["failed", "last words"]);
    assert.match(message, /: the image has no command$/);
    assert.ok(duration < 1000);
  }
  assert.equal((await one({ kind: "user", name: "n", user: "root" }, idle)).outcome, "passed");
  assert.equal((await one({ kind: "file", name: "n", file: "/x", absent: true }, idle)).outcome, "passed");
});

test("a test that this machine cannot carry out is broken, not failed, and the next one goes on", async () => {
  const run = async (): Promise<never> => {
    throw new IngotError("network-failed", "no bridge", { details: ["a detail"], hint: "do this" });
  };
  const tests: TestDefinition[] = [
    { kind: "run", name: "first", run: ["x"] },
    { kind: "user", name: "second", user: "root" },
  ];
  const results = await runTests(ctx, tests, { run, shared: async () => fakeInstance() });
  assert.deepEqual(
    results.map(({ name, outcome }) => [name, outcome]),
    [
      ["first", "broken"],
      ["second", "passed"],
    ],
  );
  assert.equal(results[0]?.message, "could not be carried out: no bridge");
  assert.equal(results[0]?.output, "a detail\nhint: do this");
});

test("Ctrl-C ends a test that waits, and is no result", async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new IngotError("cancelled", "stopped")), 50);
  const tests: TestDefinition[] = [{ kind: "port", name: "n", port: 80, timeout: 60_000 }];
  const run = runTests({ ...ctx, signal: stop.signal }, tests, {
    run: async () => ended(0),
    shared: async () => fakeInstance(),
  });
  await assert.rejects(run, { code: "cancelled" });
});

test("a program gets the test's time and text, and at most 64 KiB are kept of what it prints", async () => {
  const asked: unknown[] = [];
  const run: TestRun["run"] = async (command, request) => {
    asked.push([command, request]);
    return ended(0);
  };
  await one({ kind: "run", name: "n", run: ["a", "b"] }, fakeInstance(), run);
  await one({ kind: "run", name: "n", run: ["c"], timeout: 5, contains: "text" }, fakeInstance(), run);
  assert.deepEqual(asked, [
    [["a", "b"], { timeout: 10_000, maxOutput: 65_536 }],
    [["c"], { timeout: 5, maxOutput: 65_536, find: "text" }],
  ]);
});
