import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { freePort } from "../../../test/support/daemon.ts";
import { startTrafficLoad } from "../../../test/support/traffic-load.ts";
import { openWebSocket } from "../../../test/support/websocket-client.ts";
import { haproxyTraffic } from "./haproxy-traffic.ts";
import { openProxy, skipWithoutHaproxy, until, type TestProxy } from "./traffic.fixture.ts";

test(
  "requests of every kind wait while no server is up, and are answered by the first one",
  skipWithoutHaproxy,
  async (t) => {
    const proxy = await openProxy(t, { held: 3 });
    const server = await proxy.server("web-a");
    await proxy.apply([], { hold: 15_000 });
    const post = fetch(proxy.url, { method: "POST", body: "kept meanwhile" });
    const socket = openWebSocket(`${proxy.url}/ws`, 15_000);
    const page = fetch(proxy.url);
    await until(async () => (await proxy.look()).counters.held === 3);
    // A bounded number: who comes now is told at once.
    const refused = await fetch(proxy.url);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get("retry-after"), "1");
    assert.equal(refused.headers.get("server"), null);
    await proxy.apply([server.as("in")], { hold: 15_000 });
    assert.equal(await (await post).text(), "kept meanwhile");
    assert.equal(await (await page).text(), "web-a");
    await (await socket).exchange("hello", 5000);
    await (await socket).close();
    const { counters } = await proxy.look();
    assert.deepEqual(counters, { requests: 4, failed: 1, held: 4 });
    // Not for ever.
    await proxy.apply([server.as("out")], { hold: 100 });
    assert.equal((await fetch(proxy.url)).status, 503);
  },
);

test(
  "a switch moves kept connections with their next request; WebSockets stay until their server is out",
  skipWithoutHaproxy,
  async (t) => {
    const proxy = await openProxy(t);
    const [a, b] = [await proxy.server("web-a"), await proxy.server("web-b")];
    await proxy.apply([a.as("in"), b.as("out")]);
    const socket = await openWebSocket(`${proxy.url}/ws`, 5000);
    const load = startTrafficLoad({ port: proxy.port, clients: { "keep-alive": 1 } });
    await until(() => load.summary().ok > 3);
    const [pid] = proxy.pids();
    await proxy.apply([b.as("in"), a.as("draining")]);
    const before = load.summary();
    await until(() => (load.summary().servers["web-b"] ?? 0) > 5);
    const after = await load.stop();
    assert.deepEqual(after.failures, []);
    // But for the one that was under way.
    assert.ok((after.servers["web-a"] ?? 0) <= (before.servers["web-a"] ?? 0) + 1);
    await socket.exchange("still there", 5000);
    assert.deepEqual((await proxy.look()).servers, [
      { id: "web-b", status: "in", sessions: 0 },
      { id: "web-a", status: "draining", sessions: 1 },
    ]);
    await proxy.apply([b.as("in"), a.as("out")]);
    await until(() => !socket.isOpen());
    await until(async () => (await proxy.sessions(a)) === 0);
    assert.equal((await proxy.look()).servers[1]?.status, "out");
    // All of it by the same process; and back again.
    await proxy.apply([a.as("in"), b.as("draining")]);
    assert.equal(await (await fetch(proxy.url)).text(), "web-a");
    assert.deepEqual(proxy.pids(), [pid]);
  },
);

test("the proxy outlives who started it, and another one goes on with it", skipWithoutHaproxy, async (t) => {
  const proxy = await openProxy(t);
  const [a, b] = [await proxy.server("web-a"), await proxy.server("web-b")];
  const script = `
    const { haproxyTraffic } = await import(process.argv[1]);
    await haproxyTraffic({ home: process.argv[2] }).apply(JSON.parse(process.argv[3]), JSON.parse(process.argv[4]));
    console.log("applied");
    setInterval(() => {}, 1000);`;
  const values = [proxy.home, JSON.stringify(proxy.key), JSON.stringify(proxy.wanted([a.as("in")]))];
  const module = join(import.meta.dirname, "haproxy-traffic.ts");
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script, module];
  const controller = spawn(process.execPath, [...flags, ...values], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => controller.kill("SIGKILL"));
  await once(controller.stdout, "data");
  const load = startTrafficLoad({ port: proxy.port, clients: { "keep-alive": 1, post: 1, websocket: 1 } });
  await until(() => load.summary().ok > 5);
  const pids = proxy.pids();
  controller.kill("SIGKILL");
  await once(controller, "exit");
  const other = haproxyTraffic({ home: proxy.home });
  assert.deepEqual(await other.list(), [proxy.key]);
  await other.apply(proxy.key, proxy.wanted([b.as("in"), a.as("draining")]));
  await until(() => (load.summary().servers["web-b"] ?? 0) > 5);
  const end = await load.stop();
  assert.deepEqual(end.failures, []);
  assert.equal(end.websockets.cut, 0);
  assert.deepEqual(proxy.pids(), pids);
});

test(
  "a killed HAProxy is seen, and the next apply starts it with the same servers; so it is after a restart of the host",
  skipWithoutHaproxy,
  async (t) => {
    const proxy = await openProxy(t);
    const server = await proxy.server("web-a");
    await proxy.apply([server.as("in")]);
    await killProxy(proxy);
    assert.deepEqual(await proxy.look(), {
      key: proxy.key,
      isServing: false,
      servers: [{ id: "web-a", status: "out", sessions: 0 }],
      counters: { requests: 0, failed: 0, held: 0 },
    });
    await proxy.apply([server.as("in")]);
    assert.equal(await (await fetch(proxy.url)).text(), "web-a");
    await killProxy(proxy);
    rmSync(proxy.paths.run, { recursive: true });
    assert.deepEqual(await proxy.traffic.list(), [proxy.key]);
    await proxy.apply([server.as("in")]);
    assert.equal(await (await fetch(proxy.url)).text(), "web-a");
    // Whoever starts it from what it was written has the right servers, too.
    assert.match(readFileSync(proxy.paths.config, "utf8"), new RegExp(`server s1 127.0.0.1:${server.port}$`, "m"));
  },
);

test(
  "an address that another program has is told with that program, and what served goes on",
  skipWithoutHaproxy,
  async (t) => {
    const proxy = await openProxy(t);
    const server = await proxy.server("web-a");
    const other = createServer().listen(0, "127.0.0.1");
    t.after(() => other.close());
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const busy = { listen: { host: "127.0.0.1", port, mode: "http" } } as const;
    const refusal = {
      code: "listen-failed",
      message: new RegExp(`127.0.0.1:${port}: .* \\(process ${process.pid}\\)`),
    };
    await assert.rejects(proxy.apply([server.as("in")], busy), refusal);
    assert.deepEqual(proxy.pids(), [], "nothing of it is left");
    await proxy.apply([server.as("in")]);
    await assert.rejects(proxy.apply([server.as("in")], busy), refusal);
    assert.equal(await (await fetch(proxy.url)).text(), "web-a");
    // From one address to all of them: the forerunner holds the one, and lets go.
    await proxy.apply([server.as("in")], { listen: { host: "0.0.0.0", port: proxy.port, mode: "http" } });
    assert.equal(await (await fetch(proxy.url)).text(), "web-a");
    const absent = { listen: { host: "192.0.2.1", port: 80, mode: "http" } } as const;
    await assert.rejects(proxy.apply([server.as("in")], absent), { code: "listen-failed", message: /no such address/ });
    // A second service that wants the same address does not get half of its connections.
    const second = { environment: "testing", service: "second" };
    const kept = proxy.traffic.apply(second, proxy.wanted([server.as("in")]));
    await assert.rejects(kept, { code: "listen-failed", message: /haproxy \(process \d+\)/ });
    await proxy.traffic.remove(second, { drain: 0 });
  },
);

test("without HAProxy it is said what is missing", skipWithoutHaproxy, async (t) => {
  const proxy = await openProxy(t);
  const path = process.env["PATH"];
  t.after(() => void (process.env["PATH"] = path));
  process.env["PATH"] = "/nonexistent";
  await assert.rejects(proxy.apply([]), { code: "command-missing", hint: "apt-get install haproxy" });
});

test(
  "a server that fails its check, or is dead, leaves traffic though nobody tells the proxy",
  skipWithoutHaproxy,
  async (t) => {
    const proxy = await openProxy(t);
    const [a, b] = [await proxy.server("web-a"), await proxy.process("web-b")];
    await proxy.apply([a.as("in"), b.as("in")], { check: { path: "/ok?a='1'", interval: 500 } }).then(
      () => assert.fail("a path with quotes was taken"),
      (error: unknown) => assert.ok(error instanceof Error && "code" in error && error.code === "proxy-failed"),
    );
    const check = { path: '/#"$\\', interval: 500 };
    await proxy.apply([a.as("in"), b.as("in")], { check });
    const load = startTrafficLoad({ port: proxy.port, clients: { fresh: 2, post: 1 }, pause: 20 });
    await until(() => (load.summary().servers["web-b"] ?? 0) > 3);
    await b.kill();
    const killed = Date.now();
    const dead = load.summary().servers["web-b"];
    await until(() => load.summary().ok > (dead ?? 0) + 60);
    const { failures, servers } = await load.stop();
    assert.deepEqual(
      failures.filter(({ began }) => began > killed),
      [],
    );
    assert.ok((servers["web-b"] ?? 0) <= (dead ?? 0) + 3);
  },
);

test(
  "another address is served by another process, and nobody who was connected notices",
  skipWithoutHaproxy,
  async (t) => {
    const proxy = await openProxy(t);
    const server = await proxy.server("web-a");
    await proxy.apply([server.as("in")]);
    const socket = await openWebSocket(`${proxy.url}/ws`, 5000);
    const late = fetch(`${proxy.url}/slow/400`);
    await until(async () => (await proxy.sessions(server)) === 2);
    const port = await freePort();
    await proxy.apply([server.as("in")], { listen: { host: "127.0.0.1", port, mode: "http" } });
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "web-a");
    await assert.rejects(fetch(proxy.url));
    assert.equal(await (await late).text(), "web-a");
    await socket.exchange("the old one", 5000);
    assert.equal(proxy.pids().length, 2);
    await socket.close();
    // The old one ends by itself.
    await until(() => proxy.pids().length === 1);
  },
);

test("in TCP mode connections are passed on as they are, and wait as well", skipWithoutHaproxy, async (t) => {
  const proxy = await openProxy(t);
  const server = await proxy.server("db-a");
  const tcp = { listen: { host: "127.0.0.1", port: proxy.port, mode: "tcp" }, hold: 10_000 } as const;
  await proxy.apply([], tcp);
  const held = fetch(proxy.url);
  await until(async () => (await proxy.look()).counters.held === 1);
  await proxy.apply([server.as("in")], tcp);
  assert.equal(await (await held).text(), "db-a");
  assert.deepEqual((await proxy.look()).counters, { requests: 1, failed: 0, held: 1 });
  await proxy.apply([], { ...tcp, hold: 50 });
  const socket = connect(proxy.port, "127.0.0.1").on("error", () => {});
  await once(socket, "close");
});

test(
  "the proxy runs as nobody of this host, sees nothing of it, and obeys root alone",
  skipWithoutHaproxy,
  async (t) => {
    if (process.getuid?.() !== 0) return t.skip("needs root");
    const proxy = await openProxy(t);
    const server = await proxy.server("web-a");
    await proxy.apply([server.as("in")]);
    const [pid = 0] = proxy.pids();
    const uid = /^Uid:\t(\d+)\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    assert.ok(Number(uid?.[1]) > 0 && Number(uid?.[2]) > 0, "it is not root");
    assert.equal(readlinkSync(`/proc/${pid}/root`), proxy.paths.root);
    assert.equal(statSync(proxy.paths.run).mode & 0o777, 0o700);
    assert.equal(statSync(proxy.paths.admin(1)).mode & 0o777, 0o600);
    assert.equal(statSync(proxy.paths.kept).mode & 0o777, 0o600);
    // What a client says of itself is not believed on its own.
    const answer = await fetch(proxy.url, { headers: { "x-forwarded-for": "203.0.113.9" } });
    assert.equal(answer.headers.get("x-seen-for"), "203.0.113.9, 127.0.0.1");
  },
);

test(
  "names and addresses that are none are refused, and a kept file that is none of ours",
  skipWithoutHaproxy,
  async (t) => {
    const proxy = await openProxy(t);
    const server = await proxy.server("web-a");
    await assert.rejects(proxy.traffic.look({ environment: "..", service: "web" }), { code: "proxy-failed" });
    const hostile = { ...server.as("in"), address: "127.0.0.1:1\n  server evil 192.0.2.1" };
    await assert.rejects(proxy.apply([hostile]), { code: "proxy-failed" });
    const listen = { host: "0.0.0.0 ssl crt /etc/passwd", port: 80, mode: "http" } as const;
    await assert.rejects(proxy.apply([], { listen }), { code: "proxy-failed" });
    assert.deepEqual(await proxy.traffic.list(), [], "nothing of it is kept");
    mkdirSync(dirname(proxy.paths.kept), { recursive: true });
    writeFileSync(proxy.paths.kept, '{"servers": 1}');
    await assert.rejects(proxy.look(), { code: "proxy-failed", hint: /remove .*web.json/ });
  },
);

test("what waits in a process that gives its place to another goes on waiting there", skipWithoutHaproxy, async (t) => {
  const proxy = await openProxy(t);
  const server = await proxy.server("web-a");
  await proxy.apply([], { hold: 20_000 });
  const held = fetch(proxy.url, { method: "POST", body: "patient" });
  await until(async () => (await proxy.look()).counters.held === 1);
  await proxy.apply([], { hold: 15_000 });
  // Of a process that knows of the request only by what the other has handed over.
  await until(async () => (await proxy.look()).counters.held === 1);
  await proxy.apply([server.as("in")], { hold: 15_000 });
  assert.equal(await (await held).text(), "patient");
});

test(
  "a controller killed in the middle of a handover leaves two processes; the next apply lets the first finish",
  skipWithoutHaproxy,
  async (t) => {
    const proxy = await openProxy(t);
    const [a, b] = [await proxy.server("web-a"), await proxy.server("web-b")];
    await proxy.apply([a.as("in")]);
    const load = startTrafficLoad({ port: proxy.port, clients: { "keep-alive": 2, post: 1, fresh: 1 } });
    await until(() => load.summary().ok > 10);
    // As it starts one, and no further.
    const text = readFileSync(proxy.paths.config, "utf8");
    writeFileSync(
      proxy.paths.config,
      text.replace("admin-1.sock", "admin-2.sock").replace("waiting-1.sock", "waiting-2.sock"),
    );
    spawn("haproxy", ["-db", "-q", "-f", proxy.paths.config, "-x", proxy.paths.admin(1)], { stdio: "ignore" }).unref();
    await until(() => existsSync(proxy.paths.admin(2)) && proxy.pids().length === 2);
    await proxy.apply([b.as("in"), a.as("draining")]);
    await until(async () => (await proxy.sessions(a)) === 0);
    await a.kill();
    const { ok } = load.summary();
    await until(() => load.summary().ok > ok + 50);
    assert.deepEqual((await load.stop()).failures, []);
    await until(() => proxy.pids().length === 1);
  },
);

async function killProxy(proxy: TestProxy): Promise<void> {
  for (const pid of proxy.pids()) process.kill(pid, "SIGKILL");
  await until(() => proxy.pids().length === 0);
}
