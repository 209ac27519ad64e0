/** The witness over real HTTP. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get as getSecure } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { silentReporter } from "../../ground/context.ts";
import { serveWitness } from "./serve-witness.ts";
import { makeFolder, makeKey, makeLog, question, startWitness } from "./witness.fixture.ts";

const logKey = makeKey("log.example/events");

test("a witness answers by the protocol, and shows monitors what it cosigned", async (t) => {
  const log = await makeLog(t, logKey, ["a", "b"]);
  const { url } = await startWitness(t, log);
  const monitored = `${url}/${hash("sha256", log.origin, "hex")}/checkpoint`;
  assert.equal((await fetch(monitored)).status, 404);
  const post = (body: string) => fetch(`${url}/add-checkpoint`, { method: "POST", body });
  const cosigned = await post(question(log, 0));
  const line = await cosigned.text();
  assert.match(line, /^— witness\.example\/w1 [A-Za-z0-9+/]+=*\n$/);
  const behind = await post(question(log, 1));
  assert.deepEqual(
    [behind.status, behind.headers.get("content-type"), await behind.text()],
    [409, "text/x.tlog.size", "2\n"],
  );
  assert.equal(await (await fetch(monitored)).text(), `${log.checkpoint().note}${line}`);
  assert.equal((await fetch(`${url}/add-checkpoint`)).status, 405);
  for (const path of ["/", "/../witness.key", "/witness.key", `/${"0".repeat(64)}/checkpoint`])
    assert.equal((await fetch(`${url}${path}`)).status, 404, path);
});

test("a request that is too large is refused", async (t) => {
  const log = await makeLog(t, logKey, ["a", "b"]);
  const { url } = await startWitness(t, log);
  const large = await fetch(`${url}/add-checkpoint`, { method: "POST", body: "old 0\n".repeat(20_000) });
  assert.equal(large.status, 413);
});

test("who never ends what it says is cut off, and nobody waits for it", { timeout: 10_000 }, async (t) => {
  const log = await makeLog(t, logKey, ["a", "b"]);
  const { url } = await startWitness(t, log);
  const head = "POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n";
  const slow = [head, `${head}Content-Length: 100\r\n\r\nold 0\n`].map(async (text) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.on("error", () => {}).resume();
    socket.write(text);
    await once(socket, "close");
  });
  assert.equal((await fetch(`${url}/add-checkpoint`, { method: "POST", body: question(log, 0) })).status, 200);
  await Promise.all(slow);
});

test("one folder has one witness, and plain HTTP is for loopback only", async (t) => {
  const log = await makeLog(t, logKey, ["a"]);
  const folder = makeFolder(t);
  const { url } = await startWitness(t, log, { folder });
  await assert.rejects(startWitness(t, log, { folder }), { code: "locked-by-another" });
  const port = Number(new URL(url).port);
  await assert.rejects(startWitness(t, log, { port }), { code: "listen-failed" });
  const setup = { folder: makeFolder(t), key: makeKey("w"), logs: [], now: () => new Date(), report: silentReporter };
  await assert.rejects(serveWitness({ ...setup, listen: { host: "0.0.0.0", port: 0 } }), { code: "tls-required" });
  const tls = { certificate: "none", key: "none" };
  await assert.rejects(serveWitness({ ...setup, listen: { host: "127.0.0.1", port: 0, tls } }), {
    code: "key-malformed",
  });
  // What was refused holds nothing: the folder is free.
  const served = await serveWitness({ ...setup, listen: { host: "127.0.0.1", port: 0 } });
  await served.close();
});

test("with a certificate it speaks TLS", async (t) => {
  const folder = makeFolder(t);
  const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  execFileSync("openssl", ["req", "-x509", "-nodes", ...curve, ...subject, "-keyout", key, "-out", certificate], {
    stdio: "ignore",
  });
  const ca = readFileSync(certificate, "utf8");
  const served = await serveWitness({
    folder: join(folder, "witness"),
    key: makeKey("witness.example/w1"),
    logs: [],
    listen: { host: "127.0.0.1", port: 0, tls: { certificate: ca, key: readFileSync(key, "utf8") } },
    now: () => new Date(),
    report: silentReporter,
  });
  t.after(() => served.close());
  assert.match(served.url, /^https:/);
  const status = await new Promise((resolve, reject) => {
    getSecure(`${served.url}/none`, { ca, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
  assert.equal(status, 404);
});
