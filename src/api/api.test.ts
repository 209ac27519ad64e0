import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import { freePort } from "../../test/support/daemon.ts";
import { openTestController, type TestController } from "../controller/controller.fixture.ts";
import { serve, type Served } from "./api.ts";
import { enterAs } from "./registry/registry.fixture.ts";
import { serverLimits, type ServerLimits } from "./server-limits.ts";
import { openServerLog } from "./server-log.ts";

type World = TestController & {
  readonly port: number;
  readonly url: string;
  readonly token: string;
  readonly served: Served;
  /** What the server's log got. */
  readonly logged: () => string;
};

async function start(t: TestContext, more: Partial<ServerLimits> = {}): Promise<World> {
  const port = await freePort();
  const settings = { baseUrl: `http://ingot.example:${port}`, listen: { host: "127.0.0.1", port } };
  const world = await openTestController(t, { settings });
  const lines: string[] = [];
  const log = openServerLog({ level: "debug", to: { write: (line) => void lines.push(line) } });
  const served = await serve(world.controller, { log, limits: { ...serverLimits, ...more } });
  t.after(() => served.close());
  const token = await enterAs(world, { principal: "user:admin", roles: ["admin"] });
  return { ...world, port, served, token, url: served.url, logged: () => lines.join("") };
}

type Raw = { readonly status: number; readonly body: string; readonly headers: NodeJS.Dict<string | string[]> };

/** A request as it is written here, whose Host and method `fetch` would not send. */
function ask(
  { port, token }: World,
  asked: {
    readonly method?: string;
    readonly path: string;
    readonly headers?: NodeJS.Dict<string>;
    readonly body?: string;
  },
): Promise<Raw> {
  const { method = "GET", path, headers = {}, body } = asked;
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      host: "127.0.0.1",
      port,
      method,
      path,
      headers: { authorization: `Bearer ${token}`, ...headers },
      agent: false,
    });
    sent.on("error", reject).on("response", (answer) => {
      const parts: Buffer[] = [];
      answer
        .on("data", (part: Buffer) => parts.push(part))
        .on("end", () => {
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString(), headers: answer.headers });
        });
    });
    sent.end(body);
  });
}

const json = { "content-type": "application/json" };

function codeOf({ body }: Raw): string {
  return (JSON.parse(body) as { error: { code: string } }).error.code;
}

test("only the controller's own name and those of loopback are answered: a page of another name that leads here reads nothing", async (t) => {
  const world = await start(t);
  const { port } = world;
  const own = [`ingot.example:${port}`, `INGOT.example:${port}`, "127.0.0.1", `localhost:${port}`, "[::1]:1"];
  for (const host of own) {
    assert.equal((await ask(world, { path: "/api/v1/controller", headers: { host } })).status, 200, host);
  }
  const foreign = [
    "attacker.example",
    `attacker.example:${port}`,
    "ingot.example",
    "127.attacker.example",
    "a@127.0.0.1",
  ];
  for (const host of foreign) {
    for (const path of ["/api/v1/controller", "/v2/", "/token", "/"]) {
      const answer = await ask(world, { path, headers: { host } });
      assert.deepEqual([answer.status, codeOf(answer)], [421, "host-unknown"], `${host} ${path}`);
    }
  }
  const proxied = await ask(world, {
    path: `http://attacker.example/api/v1/controller`,
    headers: { host: "127.0.0.1" },
  });
  assert.equal(proxied.status, 421);
});

test("no other origin is given leave to read answers", async (t) => {
  const world = await start(t);
  for (const method of ["GET", "OPTIONS"]) {
    const headers = { origin: "https://attacker.example", "access-control-request-method": "POST" };
    const answer = await ask(world, { method, path: "/api/v1/controller", headers });
    assert.deepEqual(
      Object.keys(answer.headers).filter((name) => name.startsWith("access-control")),
      [],
    );
  }
});

test("a form or a text that a page posts is not taken for JSON", async (t) => {
  const world = await start(t);
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]) {
    const headers = { "content-type": type };
    const answer = await ask(world, { method: "POST", path: "/api/v1/tokens", headers, body: "{}" });
    assert.deepEqual([answer.status, codeOf(answer)], [400, "request-malformed"], type);
    assert.match(answer.body, /application\/json/);
  }
});

test("a method that a route does not take is 405 with those that it takes, a path that is none 404", async (t) => {
  const world = await start(t);
  for (const method of ["DELETE", "PATCH", "PROPFIND", "OPTIONS", "TRACE"]) {
    const answer = await ask(world, { method, path: "/api/v1/identities" });
    assert.deepEqual([answer.status, codeOf(answer)], [405, "method-unknown"], method);
    assert.equal(answer.headers.allow, "GET, POST");
  }
  for (const path of ["/", "/api/v1/", "/api/v2/identities", "/v1/../etc/passwd", "/api/v1/identities%00"]) {
    const answer = await ask(world, { path });
    assert.deepEqual([answer.status, codeOf(answer)], [404, "route-unknown"], path);
  }
});

test("a body that is nested a hundred thousand deep is refused, wherever it is", async (t) => {
  const world = await start(t);
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  for (const body of [deep, `{"configuration":${deep}}`, `{"image":"a","configuration":{"a":${'{"a":'.repeat(70)}1`]) {
    const answer = await ask(world, { method: "POST", path: "/api/v1/releases/a/b", headers: json, body });
    assert.deepEqual([answer.status, codeOf(answer)], [400, "request-malformed"]);
  }
  const brackets = JSON.stringify({ grant: "token", token: "[".repeat(1000) });
  const answer = await ask(world, { method: "POST", path: "/api/v1/tokens", headers: json, body: brackets });
  assert.equal(answer.status, 401, "brackets in a text are no depth");
});

test("members that name what every object has change nothing but themselves", async (t) => {
  const world = await start(t);
  const bodies = [
    `{"__proto__":{"roles":["admin"],"grant":"token"},"token":"x"}`,
    `{"constructor":{"prototype":{"roles":["admin"]}},"grant":"token","token":"x"}`,
    `{"grant":"token","token":"x","__proto__":{"isAdmin":true}}`,
  ];
  for (const body of bodies) {
    const answer = await ask(world, { method: "POST", path: "/api/v1/tokens", headers: json, body });
    assert.ok(answer.status === 400 || answer.status === 401, `${answer.status} ${answer.body}`);
  }
  assert.equal(({} as Record<string, unknown>).roles, undefined);
  assert.equal(({} as Record<string, unknown>).isAdmin, undefined);
  const query = await ask(world, { path: "/api/v1/history?__proto__[limit]=1&constructor=1" });
  assert.equal(query.status, 400);
});

test("a body of ten gigabytes is refused before it is read, whoever sends it and however", async (t) => {
  const world = await start(t);
  const ten = String(10 * 2 ** 30);
  const sent = [
    { method: "POST", path: "/api/v1/policies", status: 413 },
    { method: "POST", path: "/api/v1/enrolments", status: 413 },
    { method: "GET", path: "/api/v1/controller", status: 200 },
    { method: "PUT", path: "/v2/a/manifests/b", status: 413 },
  ];
  for (const { method, path, status } of sent) {
    const socket = await open(t, world);
    const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${world.token}\r\nContent-Type: application/json\r\nContent-Length: ${ten}\r\n\r\n`;
    const taken = await pour(socket, head);
    assert.match(taken.answer, new RegExp(`^HTTP/1.1 ${status} `), path);
    // How much fits on the way until the connection is closed depends on the machine; that it is a small part does not.
    assert.ok(taken.bytes < 2 * 2 ** 30, `${path} took ${taken.bytes} bytes`);
  }
  const endless = await open(t, world);
  const head = `POST /api/v1/policies HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${world.token}\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n`;
  assert.match((await pour(endless, head, `100000\r\n${"x".repeat(1 << 20)}\r\n`)).answer, /^HTTP\/1.1 413 /);
});

test("a header or a body that comes a byte at a time is not waited for", async (t) => {
  const http = { ...serverLimits.http, headersTimeout: 300, connectionsCheckingInterval: 50 };
  const world = await start(t, { http, body: { period: 200, least: 1000 } });
  const heads = [
    { text: "GET /api/v1/controller HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", status: /^HTTP\/1.1 408 / },
    { text: "", status: /^$|^HTTP\/1.1 408 / },
    {
      text: `POST /api/v1/policies HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${world.token}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{`,
      status: /^HTTP\/1.1 408 [^]*upload-too-slow/,
    },
  ];
  await Promise.all(
    heads.map(async ({ text, status }) => {
      const socket = await open(t, world);
      let answer = "";
      socket.on("data", (part: Buffer) => (answer += part.toString()));
      socket.write(text);
      const drip = setInterval(() => socket.write(text === "" ? "" : "a"), 50);
      await Promise.race([once(socket, "close"), sleep(4000)]);
      clearInterval(drip);
      assert.ok(socket.closed, `it was held: ${text.slice(0, 40)}`);
      assert.match(answer, status);
    }),
  );
});

test("a thousand idle connections take nothing from whoever asks something", async (t) => {
  const world = await start(t);
  const idle = await Promise.all(Array.from({ length: 1000 }, () => open(t, world)));
  const started = performance.now();
  assert.equal((await ask(world, { path: "/api/v1/identities" })).status, 200);
  assert.ok(performance.now() - started < 2000);
  for (const socket of idle) socket.destroy();
});

test("what fails inside is told to the log, and to a client without a word of it", async (t) => {
  const world = await start(t);
  const { decide } = world.controller.policies;
  const secret = `/secret/path of somebody`;
  Object.assign(world.controller.policies, { decide: () => assert.fail(secret) });
  t.after(() => Object.assign(world.controller.policies, { decide }));
  const answer = await ask(world, { path: "/api/v1/history" });
  assert.deepEqual([answer.status, codeOf(answer)], [500, "internal-error"]);
  assert.doesNotMatch(answer.body, /secret|node:|\.ts| {4}at /);
  assert.match(world.logged(), /"level":50.*secret/);
});

test("the log of every request has no token, wherever a client put it", async (t) => {
  const world = await start(t);
  const secrets = [world.token, "c2VjcmV0", "hunter2-token"];
  await ask(world, { path: `/api/v1/identities?access_token=${world.token}` });
  await ask(world, { path: "/v2/?token=hunter2-token", headers: { authorization: "Basic c2VjcmV0" } });
  await ask(world, { path: "/token?service=x", headers: { authorization: "Bearer hunter2-token" } });
  const body = JSON.stringify({ grant: "token", token: "hunter2-token" });
  await ask(world, { method: "POST", path: "/api/v1/tokens", headers: json, body });
  const logged = world.logged();
  assert.match(logged, /"path":"\/api\/v1\/tokens"/);
  for (const secret of secrets) assert.ok(!logged.includes(secret), `${secret} is in the log`);
});

test("when it ends, requests that are under way are answered, streams end, and new ones are refused", async (t) => {
  const world = await start(t);
  const stream = await fetch(`${world.url}/api/v1/events`, { headers: { authorization: `Bearer ${world.token}` } });
  const socket = await open(t, world);
  let answer = "";
  socket.on("data", (part: Buffer) => (answer += part.toString()));
  const body = JSON.stringify({ grant: "token", token: world.token });
  socket.write(
    `POST /api/v1/tokens HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  await sleep(100);
  const started = performance.now();
  const closing = world.served.close();
  await sleep(50);
  await assert.rejects(fetch(`${world.url}/api/v1/controller`));
  socket.write(body);
  await Promise.all([closing, stream.text()]);
  assert.match(answer, /^HTTP\/1.1 200 /);
  assert.ok(performance.now() - started < 3000, "it did not wait for what is idle");
});

async function open(t: TestContext, { port }: World): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  t.after(() => socket.destroy());
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Sends without end, until the other side has had enough; what it answered, and how much went out. */
async function pour(
  socket: Socket,
  head: string,
  piece = "x".repeat(1 << 20),
): Promise<{ readonly answer: string; readonly bytes: number }> {
  let answer = "";
  socket.on("data", (part: Buffer) => (answer += part.toString()));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(head);
  const give = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on("drain", give);
  give();
  await closed;
  return { answer, bytes: socket.bytesWritten };
}
