import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";

const program = join(import.meta.dirname, "../../../bin/ingot");
const code = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE";

for (const [how, words] of [
  ["on the command line", ["--enrol", code]],
  ["on stdin", ["--enrol", "-"]],
] as const) {
  test(`attack: whoever lists the processes of the host while a code of enrolment is used, given ${how}, does not read it`, async (t) => {
    const home = mkdtempSync(join(tmpdir(), "ingot-login-"));
    t.after(() => rmSync(home, { recursive: true, force: true }));
    const seen = Promise.withResolvers<string>();
    // Never answers before the process was looked at.
    const server = createServer((request) => void text(request).then(seen.resolve));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close().closeAllConnections());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { ...process.env, INGOT_HOME: home, INGOT_KEY_PASSPHRASE: "four random words here" };
    const child = spawn(program, ["login", url, ...words], { env, stdio: ["pipe", "ignore", "ignore"] });
    child.stdin.end(`${code}\n`);
    const sent = JSON.parse(await seen.promise) as { code: string };
    const commandLine = readFileSync(`/proc/${child.pid}/cmdline`, "utf8");
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
    assert.equal(sent.code, code);
    assert.match(commandLine, /^ingot login/);
    assert.ok(!commandLine.includes(code));
  });
}
