import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import { temporaryPath, writeFileAtomic } from "./atomic-file.ts";

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "atomic-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a file is written with its parent folders and mode, and nothing else is left beside it", (t) => {
  const folder = makeFolder(t);
  const path = join(folder, "a/b/file");
  writeFileAtomic(path, "one");
  writeFileAtomic(path, "two", { mode: 0o600 });
  assert.equal(readFileSync(path, "utf8"), "two");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(folder, "a/b")), ["file"]);
});

test("a write that fails leaves the old content and no temporary file", (t) => {
  const folder = makeFolder(t);
  const path = join(folder, "place");
  mkdirSync(join(path, "child"), { recursive: true });
  assert.throws(() => writeFileAtomic(path, "new"), { code: "EISDIR" });
  assert.deepEqual(readdirSync(folder), ["place"]);
});

test("no two writes share a temporary name, and gc knows it by its end", () => {
  assert.notEqual(temporaryPath("/x/file"), temporaryPath("/x/file"));
  assert.match(basename(temporaryPath("/x/file")), /^file\..*\.tmp$/);
});

/** Takes long enough to write that a kill falls into it. */
const size = 32 << 20;

/** Another process that writes the file again and again, each time filled with the next digit. */
function writeElsewhere(path: string) {
  const script = `
    const { writeFileAtomic } = await import(${JSON.stringify(import.meta.resolve("./atomic-file.ts"))});
    for (let round = 0; ; round++) {
      writeFileAtomic(${JSON.stringify(path)}, Buffer.alloc(${size}, String(round % 10)), { durable: false });
    }`;
  return spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], { stdio: "inherit" });
}

const temporaries = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".tmp"));

/** The first rounds kill as soon as a temporary file is seen, the others after a while: whatever is being written then. */
async function chooseMoment(folder: string, round: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (temporaries(folder).length === 0) {
    assert.ok(Date.now() < deadline, "no temporary file is written");
    await setTimeout(1);
  }
  if (round >= 3) await setTimeout(round * 13);
}

test("a writer that is killed at any moment leaves the old content or the new, whole", async (t) => {
  const folder = makeFolder(t);
  const path = join(folder, "file");
  writeFileSync(path, Buffer.alloc(size, "x"));
  let cutOff = 0;
  for (let round = 0; round < 10; round++) {
    const child = writeElsewhere(path);
    t.after(() => child.kill("SIGKILL"));
    await chooseMoment(folder, round);
    child.kill("SIGKILL");
    await once(child, "close");
    const content = readFileSync(path);
    assert.ok(content.equals(Buffer.alloc(size, content.subarray(0, 1))), "two contents are mixed, or one is cut off");
    for (const name of temporaries(folder)) {
      if (statSync(join(folder, name)).size < size) cutOff += 1;
      rmSync(join(folder, name));
    }
  }
  assert.ok(cutOff > 0, "no kill fell into a write: the test proves nothing");
});
