import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { freePort, startDaemon } from "../../../test/support/daemon.ts";
import { parseJson, runIngot, type IngotResult } from "../../../test/support/run-ingot.ts";
import { hasOpenssl, makeCertificate } from "../../controller/identity/certificate.fixture.ts";

test("a controller with TLS is started, its first admin enrols with the code that it printed, and registers others", async (t) => {
  if (!hasOpenssl()) return t.skip("needs openssl: not installed");
  const folder = mkdtempSync(join(tmpdir(), "ingot-identity-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { certificate, key } = makeCertificate(folder);
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const config = join(folder, "controller.yaml");
  writeFileSync(config, `listen: 127.0.0.1:${port}\ntls: {certificate: ${certificate}, key: ${key}}\n`);
  const program = join(import.meta.dirname, "../../../bin/ingot");
  const daemon = await startDaemon(program, ["serve", "--config", config], {
    env: { INGOT_HOME: join(folder, "server") },
    isReady: () => isListening(port),
  });
  t.after(() => daemon.stop());
  const env = { INGOT_HOME: join(folder, "alice"), INGOT_KEY_PASSPHRASE: "four random words here" };
  const ingot = (...args: readonly string[]): Promise<IngotResult> => runIngot(args, { env });
  const code = await findCode(daemon.output);
  const copied = await ingot("login", url, "--enrol", code, "--name", "YOUR-NAME");
  assert.match(copied.stderr, /YOUR-NAME stands for your own name[^]*code: usage/);
  const enrol = ["login", url, "--enrol", code, "--name", "alice"];
  const untrusted = await ingot(...enrol);
  assert.deepEqual(
    [untrusted.code, /an authority that this machine does not know/.test(untrusted.stderr)],
    [1, true],
    untrusted.stderr,
  );
  const entered = await ingot(...enrol, "--ca", certificate);
  assert.equal(entered.stdout, `logged in to ${url} as user:alice (admin)\n`, entered.stderr);
  const added = await ingot("identity", "add", "ci", "--kind", "workload", "--role", "builder", "--json");
  const { principal, enrolment } = parseJson<{ principal: string; enrolment: { code: string } }>(added);
  assert.equal(principal, "workload:ci");
  const token = await ingot("identity", "token", "--expires", "5m");
  assert.match(token.stdout, /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
  await assertWaysToAnApproverKey(ingot);
  for (const [mistake, words] of [
    [["identity", "add", "eve", "--role", "aprover"], /there is no role "aprover"; did you mean "approver"\?/],
    [["identity", "add", "eve", "--kind", "person"], /expected user, workload or instance for --kind, got "person"/],
    [["identity", "token", "--expires", "3h"], /expected 1m to 1h for --expires, got 3h/],
  ] as const) {
    const refused = await ingot(...mistake);
    assert.deepEqual([refused.code, words.test(refused.stderr)], [2, true], refused.stderr);
  }
  // What the server printed after its greeting, which has the code, is its log.
  const log = daemon
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .join("\n");
  for (const secret of [code, enrolment.code, token.stdout.trim()]) assert.ok(!log.includes(secret.slice(-20)));
});

/** Who approves needs a registered key: with the first code, or with another one on the machine where one signs in already. */
async function assertWaysToAnApproverKey(ingot: (...args: readonly string[]) => Promise<IngotResult>): Promise<void> {
  const invited = await ingot("identity", "add", "dora", "--role", "deployer", "approver");
  assert.match(invited.stdout, / ingot login https:\/\/\S+ --enrol \S+ --with approver\n$/);
  assert.equal((await ingot("key", "generate", "approver")).code, 0);
  const early = await ingot("identity", "rotate-key", "approver");
  assert.match(early.stderr, /is no active key of user:alice: it was never registered, or was retired or revoked/);
  assert.match(
    early.stderr,
    /hint: an admin runs ingot identity enrol user:alice, .*: ingot login --enrol CODE --with approver\n/,
  );
  await ingot("identity", "change", "alice", "--role", "admin", "approver");
  const another = await ingot("identity", "enrol", "user:alice");
  const login = /ingot (login .*)\n$/.exec(another.stdout)?.[1] ?? "none";
  assert.match(login, / --with approver$/);
  const entered = await ingot(...login.split(" "));
  assert.match(entered.stdout, /as user:alice \(admin, approver\)/, entered.stderr);
  assert.match((await ingot("identity", "show", "alice")).stdout, /approver {2}active/);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket
      .once("error", () => resolve(false))
      .once("connect", () => {
        socket.destroy();
        resolve(true);
      });
  });
}

async function findCode(output: () => string): Promise<string> {
  for (;;) {
    const code = /--enrol ([0-9A-Z-]+)/.exec(output())?.[1];
    if (code !== undefined) return code;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
