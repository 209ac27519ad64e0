import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { connect } from "node:tls";
import { freePort } from "../../test/support/daemon.ts";
import { openTestController } from "../controller/controller.fixture.ts";
import { hasOpenssl, makeCertificate } from "../controller/identity/certificate.fixture.ts";
import { readTls } from "../controller/identity/read-tls.ts";
import { serve } from "./api.ts";
import { openServerLog } from "./server-log.ts";

function fingerprintOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

test("a renewed certificate is served from SIGHUP on, and half a renewal changes nothing", async (t) => {
  if (!hasOpenssl()) return t.skip("needs openssl: not installed");
  const folder = mkdtempSync(join(tmpdir(), "ingot-certificate-"));
  const next = mkdtempSync(join(folder, "next-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [tls, renewed] = [makeCertificate(folder), makeCertificate(next)];
  const port = await freePort();
  const { controller } = await openTestController(t, {
    settings: { baseUrl: `https://127.0.0.1:${port}`, listen: { host: "127.0.0.1", port }, tls },
  });
  const read = (): ReturnType<typeof readTls> => readTls(controller.settings);
  const material = read();
  assert.ok(material);
  let said = "";
  const log = openServerLog({ level: "info", to: { write: (line: string) => void (said += line) } });
  const served = await serve(controller, { log, tls: { ...material, again: read } });
  t.after(() => served.close());
  const hangUp = async (text: string): Promise<void> => {
    process.kill(process.pid, "SIGHUP");
    const deadline = Date.now() + 5000;
    while (!said.includes(text) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(said.includes(text), said);
  };
  const before = await fingerprintOf(port);
  renameSync(renewed.certificate, tls.certificate);
  await hangUp("is of no use yet");
  assert.equal(await fingerprintOf(port), before);
  renameSync(renewed.key, tls.key);
  await hangUp("was renewed");
  assert.notEqual(await fingerprintOf(port), before);
});
