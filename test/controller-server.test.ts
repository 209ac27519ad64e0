import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import { followEvents } from "../src/api/client/follow-events.ts";
import { openClient } from "../src/api/client/client.ts";
import { controllerUrl, registryLogin } from "../src/cli/controller-access.ts";
import { trustCa } from "../src/cli/sign-in/trust-ca.ts";
import { hasOpenssl, makeCertificate } from "../src/controller/identity/certificate.fixture.ts";
import { processContext, type Context } from "../src/ground/context.ts";
import { openStore } from "../src/oci/layout.ts";
import { copyImage } from "../src/oci/oci.ts";
import { parseReference } from "../src/oci/reference.ts";
import { putTinyImage } from "../src/oci/tiny-image.fixture.ts";
import { startController, type ControllerProcess } from "./support/controller-process.ts";
import { enrolAdmin, join, type Person } from "./support/controller-session.ts";
import { freePort } from "./support/daemon.ts";
import { makeImage, pushImage } from "./support/registry-push.ts";
import { runIngot } from "./support/run-ingot.ts";
import { thrownBy } from "./support/thrown-error.ts";

function makeHome(t: TestContext): string {
  const home = mkdtempSync(joinPath(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ingot-server-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

test("a follower gets each event once and in order over the kill and the new start of the controller, and other commands work beside it", async (t) => {
  const home = makeHome(t);
  const listen = `127.0.0.1:${await freePort()}`;
  let server = await startController({ home, listen, args: ["--verbose"] });
  t.after(() => server.kill());
  const { url, code } = server;
  const admin = await enrolAdmin(server);
  const ending = new AbortController();
  const ctx = processContext({ signal: AbortSignal.any([ending.signal, AbortSignal.timeout(30_000)]) });
  const seen: number[] = [];
  const following = (async () => {
    const access = { url, token: async () => admin.token };
    for await (const event of followEvents(ctx, access, { from: 0, pause: 50 })) {
      seen.push(event.index);
      if (event.type === "identity.added" && event.data.principal === "user:last") ending.abort();
    }
  })();
  const addAll = async (names: readonly string[]): Promise<void> => {
    for (const name of names) {
      const body = { principal: `user:${name}`, roles: [], groups: [], emails: [], keys: [] };
      await admin.api.post("/api/v1/identities", body);
    }
  };
  await addAll(["a", "b", "c"]);
  await server.kill();
  const first = server.output();
  server = await startController({ home, listen, args: ["--verbose"] });
  await addAll(["d", "e", "last"]);
  await following;
  assert.deepEqual(
    seen,
    Array.from({ length: seen.length }, (_, index) => index),
  );
  await t.test("the log of every request has neither tokens nor codes", () => {
    const logged = `${first}${server.output()}`.split("\n").filter((line) => line.startsWith("{"));
    assert.ok(logged.some((line) => line.includes('"path":"/api/v1/enrolments"')));
    const codes = logged.filter((line) => line.includes(code ?? "") || line.includes(admin.token));
    assert.deepEqual(codes, []);
    assert.doesNotMatch(logged.join("\n"), /Bearer|authorization|eyJ[A-Za-z0-9_-]{20}/i);
  });
  await testBeside(t, { home, listen, server, admin });
});

type Beside = {
  readonly home: string;
  readonly listen: string;
  readonly server: ControllerProcess;
  readonly admin: Person;
};

/** What else may be done, and what not, while a controller runs. */
async function testBeside(t: TestContext, { home, listen, server, admin }: Beside): Promise<void> {
  await t.test(
    "images are listed beside it, and only it collects garbage, which nothing of its registry is",
    async () => {
      const ci = await join(admin, { principal: "workload:ci", roles: ["builder"] });
      const image = makeImage("shop/web", "1", Buffer.from("a layer"));
      await pushImage(ci, image);
      assert.equal((await runIngot(["images"], { env: { INGOT_HOME: home } })).code, 0);
      const collected = await runIngot(["gc"], { env: { INGOT_HOME: home } });
      assert.match(collected.stderr, /a controller is running[^]*hint: ingot gc --controller/);
      const answer = await ci.send("GET", `/v2/shop/web/manifests/1`);
      assert.equal(answer.status, 200, await answer.text());
    },
  );
  await t.test("ingot history --follow prints what happens, a line an event", async () => {
    const env = { INGOT_HOME: makeHome(t), INGOT_URL: server.url, INGOT_TOKEN: admin.token };
    const adding = setInterval(() => void join(admin, { principal: `user:at-${Date.now()}`, roles: [] }), 200);
    const followed = runIngot(["history", "--follow", "--type", "identity"], {
      env,
      kill: { signal: "SIGTERM", after: "registered user:at-" },
    });
    const { stdout } = await followed.finally(() => clearInterval(adding));
    assert.match(stdout, /^#\d+ {2}\S+ .*user:root registered user:at-\d+ as nothing in particular\n/);
  });
  await t.test("a second controller on the same home is refused and learns who has it", async () => {
    const args = ["serve", "--listen", `127.0.0.1:${await freePort()}`, "--json"];
    const { code: exit, stderr, stdout } = await runIngot(args, { env: { INGOT_HOME: home } });
    assert.equal(exit, 1);
    assert.match(stdout, /"locked-by-another"/);
    assert.match(stderr, new RegExp(`another Ingot process \\(${server.pid}\\)`));
    assert.match(stderr, /hint:/);
  });
  await t.test("a port that is taken is told, and nothing is left running", async () => {
    const result = await runIngot(["serve", "--listen", listen], { env: { INGOT_HOME: makeHome(t) } });
    assert.equal(result.code, 1);
    assert.match(result.stderr, /another program listens there[^]*listen-failed/);
  });
  await t.test("a first signal lets it answer what is under way, a second ends it at once", async () => {
    const { port } = new URL(server.url);
    const socket = connect({ host: "127.0.0.1", port: Number(port) });
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write(
      "POST /api/v1/tokens HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n",
    );
    await sleep(100);
    process.kill(server.pid, "SIGTERM");
    await sleep(300);
    assert.doesNotThrow(() => process.kill(server.pid, 0), "it waits for the request");
    const ended = once(socket, "close");
    process.kill(server.pid, "SIGTERM");
    await ended;
    assert.equal(await server.stop(), 130);
  });
}

test("with a certificate it serves HTTPS alone; whoever does not know its authority, or another name, is told so", async (t) => {
  if (!hasOpenssl()) return t.skip("needs openssl: not installed");
  const home = makeHome(t);
  const { certificate, key } = makeCertificate(home);
  const port = await freePort();
  const base = `https://127.0.0.1:${port}`;
  writeFileSync(
    joinPath(home, "controller.yaml"),
    `listen: 127.0.0.1:${port}\ntls: {certificate: ${certificate}, key: ${key}}\n`,
  );
  const server = await startController({ home, listen: `127.0.0.1:${port}` });
  t.after(() => server.kill());
  assert.equal(server.url, base);
  const ctx = processContext({});
  const ask = (url: string): Promise<unknown> => openClient(ctx, { url }).get("/api/v1/controller");
  const unknown = await thrownBy(ask(base));
  assert.equal(unknown.code, "controller-unreachable");
  assert.match(unknown.message, /its certificate is of an authority that this machine does not know/);
  assert.equal(unknown.hint, `ingot login ${base} --ca FILE`);
  trustCa(readFileSync(certificate, "utf8"));
  const admin = await enrolAdmin(server);
  assert.equal((await admin.api.get<{ principal: string }>("/api/v1/principal")).principal, "user:root");
  await t.test("an image is pushed over TLS, also to this machine and with --insecure", async () => {
    const env = { INGOT_URL: base, INGOT_TOKEN: admin.token };
    const client: Context = processContext({
      env,
      home: makeHome(t),
      controllerUrl: async (registry) => controllerUrl(client, registry),
      registryLogin: (registry) => registryLogin(client, registry),
    });
    const store = openStore(client);
    const image = putTinyImage(store, { text: "hello" });
    await store.setReference("shop/web", image);
    const reference = parseReference(`127.0.0.1:${port}/shop/web:1`);
    const push = { from: { kind: "store", name: "shop/web" }, to: { kind: "registry", reference } } as const;
    assert.equal((await copyImage(client, push, { insecure: true })).digest, image.digest);
  });
  const otherName = await thrownBy(ask(`https://localhost:${port}`));
  assert.match(otherName.message, /its certificate is not for the name localhost/);
  const plain = await thrownBy(ask(`http://127.0.0.1:${port}`));
  assert.equal(plain.code, "controller-unreachable");
  assert.equal(await server.stop(), 0);
});

test("each way in which a controller is not there has its own sentence and next step", async (t) => {
  const ctx = processContext({});
  const ask = (url: string): Promise<unknown> => openClient(ctx, { url }).get("/api/v1/status");
  const down = await thrownBy(ask(`http://127.0.0.1:${await freePort()}`));
  assert.match(`${down.message} → ${down.hint}`, /nothing listens on 127\.0\.0\.1:\d+ → start it there: ingot serve/);
  const nowhere = await thrownBy(ask("https://no-such-host.invalid"));
  assert.match(`${nowhere.message} → ${nowhere.hint}`, /there is no host no-such-host\.invalid.* → check the address/);
  const other = createServer((request, response) => {
    if (request.url?.startsWith("/api/v1/status") === true) response.end("<html>hello</html>");
    else response.writeHead(302, { location: "https://elsewhere.example/login" }).end();
  }).listen(0, "127.0.0.1");
  await once(other, "listening");
  t.after(() => other.close());
  const address = other.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const stranger = await thrownBy(ask(url));
  assert.equal(stranger.code, "controller-failed");
  assert.match(`${stranger.message} → ${stranger.hint}`, /is no controller of Ingot.* → check the address/);
  const moved = await thrownBy(openClient(ctx, { url }).get("/api/v1/identities"));
  assert.match(
    `${moved.message} → ${moved.hint}`,
    /sends on to https:\/\/elsewhere\.example\/login.* → name the address/,
  );
  const shown = await runIngot(["status"], { env: { INGOT_URL: url, INGOT_TOKEN: "x", INGOT_HOME: makeHome(t) } });
  assert.equal(shown.code, 1);
  assert.match(
    shown.stderr,
    /^error: what answers at [^\n]+\nhint: check the address: ingot login URL\ncode: controller-failed\n$/,
  );
});

test("off loopback it serves nothing without TLS", async (t) => {
  for (const listen of ["0.0.0.0:18700", "[::]:18700"]) {
    const result = await runIngot(["serve", "--listen", listen], { env: { INGOT_HOME: makeHome(t) } });
    assert.equal(result.code, 2);
    assert.match(result.stderr, /tls-required/);
  }
});
