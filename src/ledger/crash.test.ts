import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { accounts, makeFolder, openTestLedger } from "./ledger.fixture.ts";
import { createLogKey, readLogKey, verifierKey } from "./log/log-key.ts";
import { verifyLog } from "./verify/verify-log.ts";
import { verifyState } from "./verify/verify-state.ts";

const rounds = Number(process.env.INGOT_CRASH_ROUNDS ?? 4);

/** Lets a writer run for some milliseconds after its first acknowledgement, and kills it; returns what it acknowledged. */
async function runAndKill(args: readonly string[], milliseconds: number): Promise<readonly string[]> {
  const program = join(import.meta.dirname, "crash-writer.fixture.ts");
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  const ended = once(child, "close");
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      resolve();
    });
    child.once("close", () => resolve());
  });
  await sleep(milliseconds);
  child.kill("SIGKILL");
  const [code, signal] = (await ended) as [number | null, string | null];
  assert.equal(signal, "SIGKILL", `the writer ended by itself with ${code}`);
  return output.split("\n").slice(0, -1);
}

test(`killed ${rounds} times at random, a ledger has every acknowledged event once, and its state follows from its log`, async (t) => {
  const base = makeFolder(t);
  const [folder, keyPath] = [join(base, "ledger/events"), join(base, "events.key")];
  const key = createLogKey(keyPath, "ingot.example/events");
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round++) {
    acknowledged.push(...(await runAndKill([folder, keyPath, String(round)], Math.random() * 40)));
    const options = { folder, verifierKey: verifierKey(key) };
    assert.deepEqual(verifyLog(options).findings, [], `round ${round}`);
    assert.deepEqual(verifyState({ ...options, fold: accounts }).findings, [], `round ${round}`);
  }
  const ledger = await openTestLedger(t, { folder, key: readLogKey(keyPath) });
  const names = [...ledger.events()].map(({ data }) => String(data.name));
  const unique = new Set(names);
  assert.equal(unique.size, names.length, "an event is there twice");
  assert.deepEqual(
    acknowledged.filter((name) => !unique.has(name)),
    [],
    "acknowledged, and lost",
  );
  assert.ok(acknowledged.length > rounds);
  assert.equal(ledger.state.get<{ n: number }>("SELECT count(*) AS n FROM move")?.n, names.length);
  await ledger.close();
  const { findings, behind } = verifyState({ folder, fold: accounts });
  assert.deepEqual([findings, behind], [[], 0]);
});
