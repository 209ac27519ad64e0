import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { makeEntries, makeFolder, makeKey, openTestLog, pick } from "../ledger.fixture.ts";
import type { Log, LogKey } from "../log/log.ts";
import { signCheckpoint } from "../log/checkpoint.ts";
import { verifierKey } from "../log/log-key.ts";
import { tilePath } from "../log/tile-path.ts";
import { cosignatureLine, witnessVerifierKey } from "../witness/cosignature.ts";
import { verifyLog } from "./verify-log.ts";

/** Sizes on both sides of tiles, former partial tiles included, with entries of some 70 bytes. */
async function makeLog(t: TestContext, key: LogKey = makeKey()): Promise<Log> {
  const log = await openTestLog(t, { key, folder: join(makeFolder(t), "events") });
  for (const size of [256, 200, 56, 30, 1]) await log.append(makeEvents(size, log.checkpoint().size));
  await log.append([]);
  await log.close();
  return log;
}

function makeEvents(count: number, from: number): readonly Buffer[] {
  const event = (at: number) => `{"actor":"user:a","data":{"n":${at}},"time":"2026-01-01T00:00:00.000Z","type":"a.b"}`;
  return Array.from({ length: count }, (_, at) => Buffer.from(event(from + at)));
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile())
    .toSorted();
}

/** Runs `work` with one bit of a file changed. */
function withFlipped(path: string, at: number, work: () => void): void {
  const bytes = readFileSync(path);
  const altered = Buffer.from(bytes);
  altered[at] = (altered[at] ?? 0) ^ (1 << pick(`${path}${at}`, 8));
  writeFileSync(path, altered);
  work();
  writeFileSync(path, bytes);
}

const size = 543;

test("a log that is as it was signed has no finding, and every file of it is read", async (t) => {
  const { folder, verifierKey: key } = await makeLog(t);
  const found = verifyLog({ folder, verifierKey: key });
  assert.deepEqual([found.findings, found.leftovers, found.entries], [[], [], size]);
  assert.equal(found.files, filesOf(folder).length);
});

test("one bit changed in an entry is found in that file, at that entry", async (t) => {
  const { folder, verifierKey: key } = await makeLog(t);
  for (const index of [0, 1, 9, 255, 256, 300, 511, 512, 541, 542]) {
    const bundle = Math.floor(index / 256);
    const file = tilePath({ level: "entries", index: bundle, width: bundle === 2 ? 31 : 256 });
    const entries = makeEvents(size, 0).slice(bundle * 256, index);
    const start = entries.reduce((sum, entry) => sum + 2 + entry.length, 0);
    // Both bytes of its length, its first and its last.
    for (const at of [0, 1, 2, 1 + makeEvents(1, index)[0]!.length])
      withFlipped(join(folder, file), start + at, () => {
        const { findings } = verifyLog({ folder, verifierKey: key });
        assert.deepEqual(
          findings.map((finding) => [finding.file, finding.entry]),
          [[file, index]],
          `${index} ${at}`,
        );
      });
  }
});

test("one bit changed in a tile of any level, full or partial, is found in that file, at the entry of the hash", async (t) => {
  const { folder, verifierKey: key } = await makeLog(t);
  const tiles = filesOf(folder).filter((path) => /^tile\/[0-9]/.test(path));
  assert.deepEqual(tiles, [
    "tile/0/000",
    "tile/0/001",
    "tile/0/002.p/30",
    "tile/0/002.p/31",
    "tile/1/000.p/1",
    "tile/1/000.p/2",
  ]);
  for (const file of tiles) {
    const hashes = statSync(join(folder, file)).size / 32;
    for (const hash of [0, Math.floor(hashes / 2), hashes - 1])
      withFlipped(join(folder, file), hash * 32 + pick(file, 32), () => {
        const { findings } = verifyLog({ folder, verifierKey: key });
        const [, level = "", tile = ""] = file.split("/");
        const entry = level === "0" ? Number(tile.slice(0, 3)) * 256 + hash : hash * 256;
        assert.deepEqual(
          findings.map((finding) => [finding.file, finding.entry]),
          [[file, entry]],
        );
      });
  }
});

test("one byte changed anywhere in any file is found in that file", async (t) => {
  const { folder, verifierKey: key } = await makeLog(t);
  for (const file of filesOf(folder)) {
    const { size: bytes } = statSync(join(folder, file));
    const places = file === "checkpoint" ? bytes : 3;
    for (let place = 0; place < places; place++) {
      const at = file === "checkpoint" ? place : pick(`${file} ${place}`, bytes);
      withFlipped(join(folder, file), at, () => {
        const { findings } = verifyLog({ folder, verifierKey: key });
        assert.ok(
          findings.some((finding) => finding.file === file),
          `${file} at ${at}`,
        );
      });
    }
  }
});

test("a file that is missing, longer, shorter or of another log is found", async (t) => {
  const { folder, verifierKey: key } = await makeLog(t);
  const filesFound = () => verifyLog({ folder, verifierKey: key }).findings.map(({ file }) => file);
  const former = /002\.p\/30|1\/000\.p\/1$/;
  for (const file of filesOf(folder)) {
    const path = join(folder, file);
    const bytes = readFileSync(path);
    renameSync(path, join(folder, "../away"));
    // What former checkpoints needed may go: a log removes it itself when the tile is full.
    assert.deepEqual(filesFound().includes(file), !former.test(file), `without ${file}`);
    renameSync(join(folder, "../away"), path);
    for (const altered of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.from([0])]), Buffer.alloc(0)]) {
      writeFileSync(path, altered);
      assert.ok(filesFound().includes(file), `${file} of ${altered.length}`);
    }
    writeFileSync(path, bytes);
  }
  writeFileSync(join(folder, "tile/0/note.txt"), "");
  assert.deepEqual(filesFound(), ["tile/0/note.txt"]);
});

// Attack: an auditor whose check never ends, or ends by itself, on the folder that he was given.
test("a link, a pipe and a file without end in a log's folder are found, and not followed", async (t) => {
  const { folder, verifierKey: key } = await makeLog(t);
  const find = () => verifyLog({ folder, verifierKey: key }).findings.map(({ file, problem }) => `${file} ${problem}`);
  const path = join(folder, "tile/0/000");
  renameSync(path, join(folder, "../elsewhere"));
  const expected = ["tile/0/000 is missing", "tile/0/000 is no file, but a link, a pipe or the like"];
  symlinkSync(join(folder, "../elsewhere"), path);
  assert.deepEqual(find(), expected);
  rmSync(path);
  execFileSync("mkfifo", [path]);
  assert.deepEqual(find(), expected);
  rmSync(path);
  renameSync(join(folder, "../elsewhere"), path);
  // More than a buffer holds; on the disk it is nothing.
  truncateSync(path, 3 * 2 ** 30);
  assert.match(find().join(), /^tile\/0\/000 has \d+ bytes, expected 8192$/);
});

test("an entry and its hash changed together are found by the root, and two places are both named", async (t) => {
  const key = makeKey();
  const { folder } = await makeLog(t, key);
  const other = await makeLog(t, key);
  // Attack: everything is made to fit but the signed root.
  const forged = await openTestLog(t, { key });
  await forged.append([...makeEvents(size - 1, 0), Buffer.from("{}")]);
  for (const file of filesOf(forged.folder).filter((path) => path !== "checkpoint"))
    writeFileSync(join(folder, file), readFileSync(join(forged.folder, file)));
  const files = verifyLog({ folder, verifierKey: verifierKey(key) }).findings.map((finding) => finding.file);
  assert.ok(files.includes("checkpoint"));
  withFlipped(join(other.folder, "tile/entries/000"), 40, () =>
    withFlipped(join(other.folder, "tile/0/001"), 40, () => {
      const { findings } = verifyLog({ folder: other.folder, verifierKey: verifierKey(key) });
      assert.deepEqual(
        findings.map((one) => [one.file, one.entry]),
        [
          ["tile/entries/000", 0],
          ["tile/0/001", 257],
        ],
      );
    }),
  );
});

test("a bundle and its tile that are both gone do not hide the rest", async (t) => {
  const { folder, verifierKey: key } = await makeLog(t);
  rmSync(join(folder, "tile/0/000"));
  rmSync(join(folder, "tile/entries/000"));
  withFlipped(join(folder, "tile/entries/001"), 10, () => {
    const { findings } = verifyLog({ folder, verifierKey: key });
    assert.deepEqual(
      findings.map((one) => [one.file, one.entry]),
      [
        ["tile/entries/000", 0],
        ["tile/0/000", 0],
        ["tile/entries/001", 256],
      ],
    );
  });
});

test("a log that grows while it is verified has no finding", async (t) => {
  const log = await openTestLog(t);
  await log.append(makeEvents(250, 0));
  const grow = async (): Promise<void> => {
    for (let at = 250; at < 1300; at += 7) await log.append(makeEvents(7, at));
  };
  const growing = grow();
  const script = `
    const { verifyLog } = await import(${JSON.stringify(import.meta.resolve("./verify-log.ts"))});
    for (let run = 0; run < 20; run++) {
      const { findings } = verifyLog(${JSON.stringify({ folder: log.folder, verifierKey: log.verifierKey })});
      if (findings.length > 0) { process.stdout.write(JSON.stringify(findings[0])); break; }
    }`;
  const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", script]);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  await Promise.all([once(child, "close"), growing]);
  assert.equal(output, "");
});

test("a checkpoint of another key, also of the right size and root, is found", async (t) => {
  const log = await makeLog(t);
  const { note } = signCheckpoint(makeKey(), log.checkpoint());
  writeFileSync(join(log.folder, "checkpoint"), note);
  const { findings } = verifyLog({ folder: log.folder, verifierKey: log.verifierKey });
  assert.match(findings[0]?.problem ?? "", /^is not signed by ingot\.example\/events/);
});

test("witnesses that are asked for must have cosigned, and a cosignature that was altered is found", async (t) => {
  const log = await makeLog(t);
  const witness = makeKey("witness.example");
  const path = join(log.folder, "checkpoint");
  const options = { folder: log.folder, verifierKey: log.verifierKey, witnesses: [witnessVerifierKey(witness)] };
  assert.deepEqual(verifyLog(options).findings, [
    { file: "checkpoint", problem: "is not cosigned by witness.example" },
  ]);
  const { note } = log.checkpoint();
  const line = cosignatureLine(witness, note.slice(0, note.lastIndexOf("\n\n") + 1), new Date());
  writeFileSync(path, note + line);
  assert.deepEqual(verifyLog(options).findings, []);
  for (let at = note.length; at < note.length + line.length; at += 7)
    withFlipped(path, at, () => assert.equal(verifyLog(options).findings[0]?.file, "checkpoint"));
});

test("entries that are no events, not in canonical form, or older than the one before, are found by their number", async (t) => {
  const event = (time: string) => `{"actor":"a","data":{},"time":"${time}","type":"b"}`;
  const [early, late] = ["2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z"];
  const wrong = [
    "",
    "no JSON",
    "[]",
    "null",
    event(late).replace(":{}", ": {}"),
    event(late).replace('"data":{}', '"data":[]'),
    event(late).replace('"type":"b"', '"type":"b","x":1'),
    `{"data":{},"actor":"a","time":"${late}","type":"b"}`,
    event(late).replace("a", "\\u0061"),
    event(late).replace("{}", '{"n":1.0}'),
    event(late).replace("{}", '{"n":"\\ud800"}'),
    event(late).replace("{}", `{"n":${"[".repeat(20_000)}${"]".repeat(20_000)}}`),
    event("2026-01-01"),
    event("yesterday"),
    event(early),
  ];
  for (const one of [
    ...wrong.map((text) => Buffer.from(text)),
    Buffer.from(event(late).replace('"a"', '"\u00ff"'), "latin1"),
  ]) {
    const log = await openTestLog(t);
    await log.append([event(early), event(late)].map((text) => Buffer.from(text)));
    await log.append([one]);
    const { findings } = verifyLog({ folder: log.folder, verifierKey: log.verifierKey });
    assert.deepEqual(
      findings.map(({ entry }) => entry),
      [2],
      one.toString(),
    );
  }
});

test("entries of a log that is not of events are not read as such", async (t) => {
  const log = await openTestLog(t);
  await log.append(makeEntries(3));
  assert.deepEqual(
    verifyLog({ folder: log.folder, verifierKey: log.verifierKey, checkEntry: () => undefined }).findings,
    [],
  );
});

test("where there is no log, that is an error and no finding", (t) => {
  const folder = join(makeFolder(t), "none");
  assert.throws(() => verifyLog({ folder, verifierKey: verifierKey(makeKey()) }), { code: "log-missing" });
});
