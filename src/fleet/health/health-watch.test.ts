import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { IngotError } from "../../ground/error.ts";
import { isInstanceId, type InstanceId, type ProgramEnd, type Runtime } from "../../runtime/runtime.ts";
import type { HealthCheck, InstanceHealth } from "../fleet.ts";
import { openHealthWatch } from "./health-watch.ts";
import type { Checked, HealthWatch } from "./health.ts";

test("an instance is healthy after so many good answers in a row, and unhealthy after so many bad ones", async (t) => {
  let status = 500;
  const port = await serve(t, (_, response) => response.writeHead(status).end());
  const watch = open(t);
  const seen: string[] = [];
  watch.onChange((one, health) => seen.push(`${one} ${health.status}`));
  watch.watch([checked("web-a", port, { probe: { kind: "http", path: "/ready?x=1" }, unhealthyAfter: 2 })]);
  assert.equal(watch.of(id("web-a")).status, "unknown");
  await until(watch, "web-a", "unhealthy");
  assert.equal(watch.lastFailure(id("web-a")), "GET /ready?x=1 answered 500");
  status = 302;
  const { since } = await until(watch, "web-a", "healthy");
  assert.ok(since <= Date.now() && since > Date.now() - 5000);
  assert.equal(watch.lastFailure(id("web-a")), undefined);
  status = 404;
  await until(watch, "web-a", "unhealthy");
  assert.deepEqual(seen, ["web-a unhealthy", "web-a healthy", "web-a unhealthy"]);
});

test("a redirect is an answer and is not followed; the connection is not kept", async (t) => {
  const asked: string[] = [];
  const port = await serve(t, (request, response) => {
    asked.push(`${request.url} ${request.headers.connection}`);
    response.writeHead(307, { location: "/elsewhere" }).end();
  });
  const watch = open(t);
  watch.watch([checked("web-a", port)]);
  await until(watch, "web-a", "healthy");
  assert.deepEqual([...new Set(asked)], ["/ close"]);
});

test("an instance that takes connections and says nothing, never ends, breaks off or talks without end is judged in time", async (t) => {
  const silent = await listen(t, () => {});
  const endless = await serve(t, (_, response) => void setInterval(() => response.write("x"), 20).unref());
  const broken = await listen(t, (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"));
  const flood = await serve(t, (_, response) => flow(response));
  const other = await listen(t, (socket) => socket.end("\u001b[2J not HTTP\r\n\r\n"));
  const watch = open(t);
  const check = { timeout: 150, unhealthyAfter: 2 };
  watch.watch([
    checked("silent", silent, check),
    checked("endless", endless, check),
    checked("broken", broken, check),
    checked("flood", flood, { ...check, timeout: 3000 }),
    checked("other", other, check),
  ]);
  await Promise.all(["silent", "endless", "broken", "other"].map(async (name) => until(watch, name, "unhealthy")));
  assert.equal(watch.lastFailure(id("silent")), "GET / did not answer within 150 ms");
  assert.equal(watch.lastFailure(id("endless")), "GET / did not answer within 150 ms");
  assert.equal(watch.lastFailure(id("broken")), "GET / answered 200 and broke off");
  assert.match(watch.lastFailure(id("other")) ?? "", /^[\x20-\x7e]+$/);
  // Enough of it was read, and the rest was not waited for.
  await until(watch, "flood", "healthy");
});

test("a TCP check is well with a connection, and tells where nothing listens", async (t) => {
  const port = await listen(t, (socket) => socket.end());
  const gone = await listen(t, () => {});
  const watch = open(t);
  const tcp = { probe: { kind: "tcp" }, unhealthyAfter: 1 } as const;
  watch.watch([checked("db-a", port, tcp)]);
  await until(watch, "db-a", "healthy");
  await Promise.all(closers.get(gone)?.map(async (close) => close()) ?? []);
  watch.watch([checked("db-b", gone, tcp), { id: id("db-c"), check: checkOf(tcp), isAdopted: false }]);
  await until(watch, "db-b", "unhealthy");
  assert.equal(watch.lastFailure(id("db-b")), `nothing listens at 127.0.0.1:${gone}`);
  await until(watch, "db-c", "unhealthy");
  assert.equal(watch.lastFailure(id("db-c")), "the instance has no address and port to check");
  assert.equal(watch.of(id("db-a")).status, "unknown", "it is watched no more");
});

test("a program in the instance is well when it ends with 0; what it prints cannot command a terminal", async (t) => {
  const ends: ProgramEnd[] = [];
  const watch = open(t, async (_, command, { timeout }) => {
    assert.deepEqual([...command, timeout], ["/bin/check", "-q", 1000]);
    const end = ends.shift();
    if (end === undefined) throw new IngotError("instance-unknown", "there is no instance job-a");
    return Promise.resolve(end);
  });
  const output = { output: "", cut: 0, isFound: false, limitsMet: [] };
  ends.push({ status: "exited", exitCode: 0, ...output }, { status: "exited", exitCode: 0, ...output });
  ends.push({ status: "exited", exitCode: 7, ...output, output: "one\n\u001b[31mno\u202edisk\n" });
  const run = { kind: "run", command: ["/bin/check", "-q"] } as const;
  const failures: (string | undefined)[] = [];
  watch.onChange(() => failures.push(watch.lastFailure(id("job-a"))));
  watch.watch([{ id: id("job-a"), check: checkOf({ probe: run, unhealthyAfter: 1 }), isAdopted: false }]);
  await until(watch, "job-a", "healthy");
  await until(watch, "job-a", "unhealthy");
  assert.deepEqual(failures, [undefined, "/bin/check ended with exit code 7: ?[31mno?disk"]);
  await waitFor(() => watch.lastFailure(id("job-a")) === "/bin/check could not be run: there is no instance job-a");
});

test("a program that never comes back, since its instance is frozen, is a failed check, and is not started twice", async (t) => {
  let started = 0;
  const watch = open(t, async () => {
    started += 1;
    return new Promise<never>(() => {});
  });
  const check = checkOf({ probe: { kind: "run", command: ["/bin/check"] }, timeout: 10, unhealthyAfter: 3 });
  watch.watch([{ id: id("job-a"), check, isAdopted: true }]);
  await until(watch, "job-a", "unhealthy");
  assert.equal(started, 1);
  assert.equal(watch.lastFailure(id("job-a")), "/bin/check did not end in time");
});

test("an adopted instance is healthy until its checks say otherwise; one with nothing to check is healthy while it runs", async (t) => {
  const port = await serve(t, (_, response) => response.writeHead(503).end());
  const watch = open(t);
  watch.watch([
    checked("old", port, { unhealthyAfter: 2 }, { isAdopted: true }),
    { id: id("job"), check: checkOf({ probe: { kind: "started" } }), isAdopted: false },
  ]);
  assert.equal(watch.of(id("old")).status, "healthy");
  assert.equal(watch.of(id("job")).status, "healthy");
  await until(watch, "old", "unhealthy");
  assert.equal(watch.of(id("job")).status, "healthy");
});

test("an instance that starts is looked at often, and has its intervals all the same before it is unhealthy", async (t) => {
  let asked = 0;
  const port = await serve(t, (_, response) => {
    asked += 1;
    response.writeHead(asked > 5 ? 200 : 503).end();
  });
  const watch = open(t);
  watch.watch([checked("web-a", port, { interval: 60_000, healthyAfter: 1, unhealthyAfter: 2 })]);
  // Five failures within a second would be far too many for an interval of a minute.
  await until(watch, "web-a", "healthy");
});

test("hundreds of instances are watched at once, and nothing goes on after the end", async (t) => {
  let asked = 0;
  const port = await serve(t, (_, response) => {
    asked += 1;
    response.end();
  });
  const watch = open(t);
  const names = Array.from({ length: 300 }, (_, index) => `web-${index}`);
  watch.watch(names.map((name) => checked(name, port, { interval: 10_000, healthyAfter: 1 })));
  await Promise.all(names.map(async (name) => until(watch, name, "healthy")));
  watch.watch([]);
  const before = asked;
  watch.watch(names.map((name) => checked(name, port, { interval: 400 }, { isAdopted: true })));
  watch.close();
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(asked, before);
});

const closers = new Map<number, (() => Promise<unknown>)[]>();

function open(t: TestContext, execute: Runtime["execute"] = neverRun): HealthWatch {
  const watch = openHealthWatch({ clock: Date.now, execute });
  t.after(() => watch.close());
  return watch;
}

async function neverRun(): Promise<never> {
  return Promise.reject(new Error("no program is to be run in an instance"));
}

function checked(
  name: string,
  port: number,
  check: Partial<HealthCheck> = {},
  options = { isAdopted: false },
): Checked {
  return { id: id(name), address: "127.0.0.1", port, check: checkOf(check), ...options };
}

function checkOf(check: Partial<HealthCheck>): HealthCheck {
  const usual = { interval: 50, timeout: 1000, healthyAfter: 2, unhealthyAfter: 3 };
  return { probe: { kind: "http", path: "/" }, ...usual, ...check };
}

function id(text: string): InstanceId {
  assert.ok(isInstanceId(text));
  return text;
}

async function until(watch: HealthWatch, name: string, status: InstanceHealth["status"]): Promise<InstanceHealth> {
  await waitFor(
    () => watch.of(id(name)).status === status,
    () => `${name}: ${watch.lastFailure(id(name))}`,
  );
  return watch.of(id(name));
}

async function waitFor(isSo: () => boolean, what = () => "what was expected"): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!isSo()) {
    assert.ok(Date.now() < deadline, `in vain: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createHttpServer(listener);
  return bind(t, server, () => server.closeAllConnections());
}

async function listen(t: TestContext, take: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    take(socket);
  });
  return bind(t, server, () => {
    for (const socket of sockets) socket.destroy();
  });
}

async function bind(t: TestContext, server: Server, cut: () => void): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    cut();
    await closed;
  };
  closers.set(port, [close]);
  t.after(close);
  return port;
}

/** More than anybody wants to read, as fast as it is taken. */
function flow(response: {
  write: (chunk: string) => boolean;
  once: (event: "drain", then: () => void) => unknown;
}): void {
  while (response.write("x".repeat(16_384)));
  response.once("drain", () => flow(response));
}
