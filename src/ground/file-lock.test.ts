import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { silentReporter } from "./context.ts";
import { withFileLock } from "./file-lock.ts";

function makePath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "file-lock-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "state/lock");
}

/** Another real process that holds the lock until it is told to end, or killed. */
async function holdElsewhere(t: TestContext, path: string): Promise<ChildProcess> {
  const script = `
    const { withFileLock } = await import(${JSON.stringify(import.meta.resolve("./file-lock.ts"))});
    await withFileLock(${JSON.stringify(path)}, async () => {
      process.stdout.write("held");
      await new Promise((resolve) => process.stdin.once("end", resolve).resume());
    });`;
  const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

test("while another process holds the lock the work is not begun, and the error says whose turn it is", async (t) => {
  const path = makePath(t);
  await holdElsewhere(t, path);
  let isBegun = false;
  const work = () => {
    isBegun = true;
  };
  await assert.rejects(withFileLock(path, work, { what: "the store in /x" }), {
    code: "locked-by-another",
    message: /^another Ingot process \(\d+\) is using the store in \/x$/,
  });
  assert.equal(isBegun, false);
});

test("waiting ends when the other process is done", async (t) => {
  const path = makePath(t);
  const child = await holdElsewhere(t, path);
  setTimeout(() => child.stdin?.end(), 100);
  assert.equal(await withFileLock(path, () => "mine", { wait: 10_000 }), "mine");
});

test("who waits is told so, and may stop waiting", async (t) => {
  const path = makePath(t);
  await holdElsewhere(t, path);
  const lines: string[] = [];
  const stop = new AbortController();
  const info = (line: string) => {
    lines.push(line);
    stop.abort();
  };
  const ctx = { signal: stop.signal, report: { ...silentReporter, info } };
  await assert.rejects(
    withFileLock(path, () => {}, { wait: 60_000, what: "the store", ctx }),
    { code: "cancelled" },
  );
  assert.deepEqual(lines, ["waiting for another Ingot process, which is using the store"]);
});

test("a holder that is killed leaves nothing to clean", async (t) => {
  const path = makePath(t);
  const child = await holdElsewhere(t, path);
  child.kill("SIGKILL");
  await once(child, "close");
  assert.equal(await withFileLock(path, () => "mine"), "mine");
});

test("inside one process, too, only one has the lock at a time", async (t) => {
  const path = makePath(t);
  await withFileLock(path, async () => {
    await assert.rejects(
      withFileLock(path, () => {}),
      { code: "locked-by-another" },
    );
  });
});

test("who waits for this process itself is not told of another", async (t) => {
  const path = makePath(t);
  const lines: string[] = [];
  const ctx = {
    signal: new AbortController().signal,
    report: { ...silentReporter, info: (line: string) => void lines.push(line) },
  };
  const hold = () => sleep(1200);
  const options = { wait: 10_000, what: "the store", ctx };
  await Promise.all([withFileLock(path, hold), withFileLock(path, () => {}, options)]);
  assert.deepEqual(lines, []);
});

test("a lock file that its holder removes is not locked twice", async (t) => {
  const path = makePath(t);
  let holders = 0;
  const work = async () => {
    holders += 1;
    assert.equal(holders, 1);
    await sleep(60);
    rmSync(path);
    holders -= 1;
  };
  await Promise.all(Array.from({ length: 6 }, async () => withFileLock(path, work, { wait: 10_000 })));
});

test("work that fails gives the lock back", async (t) => {
  const path = makePath(t);
  const failing = withFileLock(path, () => {
    throw new Error("failed");
  });
  await assert.rejects(failing, { message: "failed" });
  assert.equal(await withFileLock(path, () => "mine"), "mine");
});
