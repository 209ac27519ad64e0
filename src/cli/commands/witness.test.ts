/** `ingot witness` as processes of their own. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { parseJson, runIngot } from "../../../test/support/run-ingot.ts";
import { createLogKey, verifierKey } from "../../ledger/log/log-key.ts";
import { openLog, type OpenLog } from "../../ledger/log/open-log.ts";
import { openCosigner } from "../../ledger/witness/cosigner.ts";
import { formatAddCheckpoint } from "../../ledger/witness/parse-request.ts";

type Witness = { readonly child: ChildProcess; readonly url: string; readonly key: string };
type World = {
  readonly folder: string;
  readonly vkey: string;
  /** A log of this key: two of them are a fork. */
  readonly open: (name: string, cosign?: ReturnType<typeof openCosigner>) => Promise<OpenLog>;
  readonly start: (name: string, listen?: string) => Promise<Witness>;
};

async function makeWorld(t: TestContext): Promise<World> {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ingot-witness-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const key = createLogKey(join(folder, "log.key"), "ingot.example/events");
  const vkey = verifierKey(key);
  return {
    folder,
    vkey,
    open: async (name, cosign) => {
      const log = await openLog({ folder: join(folder, name), key, cosign });
      t.after(() => log.close());
      return log;
    },
    start: (name, listen = "127.0.0.1:0") =>
      startProcess(t, ["--log", vkey, "--listen", listen, "--folder", join(folder, name)]),
  };
}

const ingot = join(import.meta.dirname, "../../../bin/ingot");

async function startProcess(t: TestContext, args: readonly string[]): Promise<Witness> {
  const child = spawn(ingot, ["witness", "serve", ...args], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    text += String(chunk);
    const [, url, key] = /at (http\S+)\n {2}(\S+)\n/.exec(text) ?? [];
    if (url !== undefined && key !== undefined) return { child, url, key };
  }
  throw new Error(`the witness did not start: ${text}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
  return child.exitCode;
}

async function ask({ url }: Witness, log: OpenLog, oldSize: number): Promise<{ status: number; body: string }> {
  const body = formatAddCheckpoint({
    oldSize,
    proof: log.proveConsistency(oldSize),
    note: log.checkpoint().note,
  });
  const response = await fetch(`${url}/add-checkpoint`, { method: "POST", body });
  return { status: response.status, body: await response.text() };
}

test("a witness has a key of its own, which is made once and printed, and it ends when it is told to", async (t) => {
  const { folder, vkey } = await makeWorld(t);
  const env = { INGOT_HOME: join(folder, "home") };
  const missing = await runIngot(["witness", "serve", "--log", vkey], { env });
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /key-missing/);
  assert.match(missing.stderr, /ingot witness init/);
  const made = await runIngot(["witness", "init", "--name", "witness.example/w1", "--json"], { env });
  const { verifierKey: key } = parseJson<{ verifierKey: string }>(made);
  assert.match(key, /^witness\.example\/w1\+[0-9a-f]{8}\+B[A-Za-z0-9+/]+=*$/);
  assert.equal(statSync(join(folder, "home/witness/witness.key")).mode & 0o777, 0o600);
  const again = await runIngot(["witness", "init"], { env });
  assert.match(again.stderr, /key-exists/);
  const served = await startProcess(t, [
    "--log",
    vkey,
    "--listen",
    "127.0.0.1:0",
    "--folder",
    join(folder, "home/witness"),
  ]);
  assert.equal(served.key, key);
  assert.equal(await end(served.child, "SIGTERM"), 0);
});

test("what a witness cannot go by is said before it serves", async (t) => {
  const { folder, vkey } = await makeWorld(t);
  const env = { INGOT_HOME: join(folder, "home") };
  assert.equal((await runIngot(["witness", "init", "--name", "w1"], { env })).code, 0);
  const wrong: readonly (readonly [code: string, args: readonly string[]])[] = [
    ["key-malformed", ["--log", "nonsense"]],
    ["tls-required", ["--log", vkey, "--listen", "0.0.0.0:0"]],
    ["usage", ["--log", vkey, "--tls-cert", "cert.pem"]],
    ["key-missing", ["--log", vkey, "--tls-cert", "cert.pem", "--tls-key", "none.pem"]],
  ];
  for (const [code, args] of wrong) {
    const { stderr, code: exit } = await runIngot(["witness", "serve", ...args], { env });
    assert.notEqual(exit, 0);
    assert.match(stderr, new RegExp(code), stderr);
  }
});

test("a witness that is killed the moment it has cosigned never vouches for a fork", async (t) => {
  const { folder, open, start } = await makeWorld(t);
  assert.equal((await runIngot(["witness", "init", "--name", "w1", "--folder", join(folder, "w1")])).code, 0);
  const [log, fork] = [await open("log"), await open("fork")];
  for (let round = 1; round <= 3; round += 1) {
    await log.append([Buffer.from(`true ${round}`)]);
    await fork.append([Buffer.from(`false ${round}`)]);
    const before = await start("w1");
    const cosigned = await ask(before, log, round - 1);
    assert.equal(cosigned.status, 200);
    await end(before.child, "SIGKILL");
    const after = await start("w1");
    assert.deepEqual(await ask(after, fork, round - 1), { status: 409, body: `${round}\n` });
    assert.equal((await ask(after, fork, round)).status, 422);
    await end(after.child, "SIGKILL");
  }
});

test("a witness that is killed under a stream of questions has cosigned one history", async (t) => {
  const { folder, open, start } = await makeWorld(t);
  assert.equal((await runIngot(["witness", "init", "--name", "w1", "--folder", join(folder, "w1")])).code, 0);
  const [log, fork] = [await open("log"), await open("fork")];
  /** The histories that were vouched for, by size. */
  const vouched = new Map<number, Set<OpenLog>>();
  let size = 0;
  for (let round = 0; round < 3; round += 1) {
    const witness = await start("w1");
    const deadline = setTimeout(() => witness.child.kill("SIGKILL"), 60 + Math.random() * 120);
    let statuses: readonly number[] = [];
    while (!statuses.includes(0)) {
      await Promise.all([log, fork].map((one) => one.append([Buffer.from(`${one.folder} ${size}`)])));
      size += 1;
      const at = size;
      const asked = [log, fork].flatMap((one) =>
        [at - 1, 0, at].map(async (old) => {
          const { status } = await ask(witness, one, old).catch(() => ({ status: 0 }));
          if (status === 200) vouched.set(at, (vouched.get(at) ?? new Set()).add(one));
          return status;
        }),
      );
      statuses = await Promise.all(asked);
    }
    clearTimeout(deadline);
  }
  const histories = new Set([...vouched.values()].flatMap((set) => [...set]));
  t.diagnostic(`${vouched.size} of ${size} sizes were cosigned`);
  assert.ok(vouched.size > 0);
  // Whichever came first: from then on every cosignature is of that one.
  assert.equal(histories.size, 1);
});

test("a log with two witnesses that are processes of their own is cosigned by both, and goes on when they were killed and are back", async (t) => {
  const { folder, open, start } = await makeWorld(t);
  for (const name of ["w1", "w2"])
    assert.equal((await runIngot(["witness", "init", "--name", name, "--folder", join(folder, name)])).code, 0);
  const witnesses = [await start("w1"), await start("w2")];
  const log = await open("log", openCosigner({ required: 2, known: witnesses }, { timeout: 2000 }));
  await log.append([Buffer.from("a")]);
  assert.match(log.checkpoint().note, /\n— ingot\.example\/events \S+\n— w[12] \S+\n— w[12] \S+\n$/);
  for (const { child } of witnesses) await end(child, "SIGKILL");
  await assert.rejects(log.append([Buffer.from("b")]), (error: { code?: string }) =>
    ["witness-unreachable", "witness-in-doubt"].includes(error.code ?? ""),
  );
  for (const [number, { url }] of witnesses.entries()) await start(`w${number + 1}`, new URL(url).host);
  await log.append([Buffer.from("c")]);
  assert.match(log.checkpoint().note, /\n— w[12] \S+\n— w[12] \S+\n$/);
});
