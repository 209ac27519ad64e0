/** What a witness answers, by C2SP tlog-witness, and that it never vouches for two histories. */
import assert from "node:assert/strict";
import { sign } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { formatCheckpoint, signCheckpoint } from "../log/checkpoint.ts";
import type { Log, LogKey } from "../log/log.ts";
import { emptyRoot } from "../log/merkle.ts";
import { checkSignatures, formatSignature, parseNote } from "../log/note.ts";
import { parseVerifierKey } from "../log/verifier-key.ts";
import { formatAddCheckpoint } from "./parse-request.ts";
import { openWitness, type Witness } from "./witness.ts";
import { makeFolder, makeKey, makeLog, question } from "./witness.fixture.ts";

const logKey = makeKey("log.example/events");
const witnessKey = makeKey("witness.example/w1");
const time = new Date("2026-11-21T12:00:00.900Z");

function open(log: Log, folder: string, key: LogKey = witnessKey): Witness {
  return openWitness({
    folder,
    key,
    logs: [{ origin: log.origin, verifierKey: log.verifierKey }],
    now: () => time,
  });
}

async function makeScene(t: TestContext): Promise<{ log: Log; fork: Log; folder: string; witness: Witness }> {
  const log = await makeLog(t, logKey, ["a", "b", "c"]);
  const fork = await makeLog(t, logKey, ["a", "b", "X"]);
  const folder = makeFolder(t);
  return { log, fork, folder, witness: open(log, folder) };
}

test("a checkpoint that continues the last one is cosigned, with its time, as anybody can check", async (t) => {
  const { log, witness } = await makeScene(t);
  for (const oldSize of [0, 3]) {
    if (oldSize > 0) await log.append([Buffer.from("d"), Buffer.from("e")]);
    const { status, body } = witness.addCheckpoint(question(log, oldSize));
    assert.equal(status, 200);
    const note = parseNote(`${log.checkpoint().note}${body}`, "the note");
    const keys = [log.verifierKey, witness.verifierKey].map((key) => parseVerifierKey(key, "a key"));
    assert.equal(checkSignatures(note, keys, "the note").length, 2);
    assert.equal(note.signatures[1]?.bytes.readBigUInt64BE(), 1795262400n);
  }
  // C2SP tlog-cosignature: the same size again is no other history.
  assert.equal(witness.addCheckpoint(question(log, 5)).status, 200);
});

test("a tree of the same size with another root, and one that does not begin with the last one, is refused", async (t) => {
  const { log, fork, witness } = await makeScene(t);
  assert.equal(witness.addCheckpoint(question(log, 0)).status, 200);
  assert.equal(witness.addCheckpoint(question(fork, 3)).status, 422);
  await fork.append([Buffer.from("d")]);
  assert.equal(witness.addCheckpoint(question(fork, 3)).status, 422);
  // A true continuation with a wrong hash, one too many, or none.
  await log.append([Buffer.from("d"), Buffer.from("e")]);
  const { note } = log.checkpoint();
  const proof = log.proveConsistency(3);
  const wrong = [proof.toReversed(), proof.slice(1), [...proof, emptyRoot], []];
  for (const hashes of wrong)
    assert.equal(witness.addCheckpoint(formatAddCheckpoint({ oldSize: 3, proof: hashes, note })).status, 422);
  assert.equal(witness.addCheckpoint(formatAddCheckpoint({ oldSize: 3, proof, note })).status, 200);
});

test("a smaller tree, and a size that is not the last one, is answered with the last one", async (t) => {
  const { log, witness } = await makeScene(t);
  const smaller = question(log, 0);
  await log.append([Buffer.from("d"), Buffer.from("e")]);
  assert.deepEqual(witness.addCheckpoint(question(log, 3)), { status: 409, body: "0\n", type: "text/x.tlog.size" });
  assert.equal(witness.addCheckpoint(question(log, 0)).status, 200);
  for (const body of [smaller, question(log, 0), question(log, 3), question(log, 4)])
    assert.deepEqual(witness.addCheckpoint(body), { status: 409, body: "5\n", type: "text/x.tlog.size" });
});

test("a log is known by its origin and its key: no other key, no altered checkpoint and no unknown log is cosigned", async (t) => {
  const { log, witness } = await makeScene(t);
  const { note, root } = log.checkpoint();
  const ask = (text: string): number =>
    witness.addCheckpoint(formatAddCheckpoint({ oldSize: 0, proof: [], note: text })).status;
  assert.equal(ask(signCheckpoint(makeKey(logKey.name), { size: 3, root }).note), 403);
  assert.equal(ask(signCheckpoint(makeKey("other.example"), { size: 3, root }).note), 404);
  assert.equal(ask(note.replace("\n3\n", "\n4\n")), 403);
  // The log's key signed it, under another origin.
  const { id } = parseVerifierKey(log.verifierKey, "a key");
  const text = formatCheckpoint("other.example", { size: 3, root });
  const bytes = sign(null, Buffer.from(text), logKey.secret);
  assert.equal(ask(`${text}\n${formatSignature({ name: logKey.name, id, bytes })}`), 404);
  assert.equal(witness.latest(""), undefined);
  assert.equal(ask(note), 200);
});

test("what is no request of a log is refused, and changes nothing", async (t) => {
  const { log, witness } = await makeScene(t);
  const good = question(log, 0);
  const { note } = log.checkpoint();
  const hash = `${emptyRoot.toString("base64")}\n`;
  const malformed = [
    "",
    "\n\n",
    note,
    good.replace("old 0", "old 00"),
    good.replace("old 0", "old -1"),
    good.replace("old 0", "old 9007199254740993"),
    good.replace("old 0", "OLD 0"),
    good.replace("old 0", "old 0 "),
    good.replace("old 0", "old 4"),
    `old 0\n${hash.repeat(64)}\n${note}`,
    `old 0\nQUJD\n\n${note}`,
    `old 0\n${hash.replace("=", "")}\n${note}`,
    good.replace("\n3\n", "\n03\n"),
    good.slice(0, -1),
    good.slice(0, good.indexOf("—")),
  ];
  for (const body of malformed) assert.equal(witness.addCheckpoint(body).status, 400, JSON.stringify(body));
  // C2SP: an empty tree needs no proof, and has one root.
  assert.equal(witness.addCheckpoint(`old 0\n${hash}\n${note}`).status, 422);
  assert.equal(witness.addCheckpoint(good).status, 200);
});

test("the empty tree is cosigned by its one root, and grows without a proof", async (t) => {
  const log = await makeLog(t, logKey, []);
  const witness = open(log, makeFolder(t));
  const ask = (note: string): number =>
    witness.addCheckpoint(formatAddCheckpoint({ oldSize: 0, proof: [], note })).status;
  assert.notEqual(ask(signCheckpoint(logKey, { size: 0, root: Buffer.alloc(32) }).note), 200);
  assert.equal(ask(log.checkpoint().note), 200);
  await log.append([Buffer.from("a")]);
  assert.equal(ask(log.checkpoint().note), 200);
});

test("what was cosigned is remembered by the next process, and shown to monitors without what others wrote beside it", async (t) => {
  const { log, fork, folder, witness } = await makeScene(t);
  const { id } = parseVerifierKey(log.verifierKey, "a key");
  const foreign = formatSignature({ name: "spam.example", id, bytes: Buffer.alloc(64) });
  assert.equal(witness.addCheckpoint(`${question(log, 0)}${foreign}`).status, 200);
  const again = open(log, folder);
  assert.equal(again.addCheckpoint(question(fork, 0)).status, 409);
  assert.equal(again.addCheckpoint(question(fork, 3)).status, 422);
  const [name = ""] = readdirSync(join(folder, "seen"));
  const shown = again.latest(name.replace(".checkpoint", ""));
  assert.equal(shown?.note, readFileSync(join(folder, "seen", name), "utf8"));
  assert.deepEqual(
    parseNote(shown?.note ?? "", "the note").signatures.map((signature) => signature.name),
    [logKey.name, witnessKey.name],
  );
});

test("a memory that was altered, or is another witness', is not believed", async (t) => {
  const { log, folder, witness } = await makeScene(t);
  witness.addCheckpoint(question(log, 0));
  const [name = ""] = readdirSync(join(folder, "seen"));
  const path = join(folder, "seen", name);
  const whole = readFileSync(path, "utf8");
  for (const altered of [whole.replace("\n3\n", "\n2\n"), whole.slice(0, 40), ""]) {
    writeFileSync(path, altered);
    assert.throws(() => open(log, folder), { code: "log-note-malformed" });
  }
  writeFileSync(path, whole);
  assert.throws(() => open(log, folder, makeKey("witness.example/w1")), { code: "log-key-wrong" });
  writeFileSync(path, log.checkpoint().note);
  assert.throws(() => open(log, folder), { code: "log-key-wrong" });
});

test("what cannot be remembered is not cosigned", async (t) => {
  const { log, folder, witness } = await makeScene(t);
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, "seen"), { recursive: true, force: true });
  writeFileSync(join(folder, "seen"), "in the way of the folder");
  assert.throws(() => witness.addCheckpoint(question(log, 0)), { code: "EEXIST" });
  rmSync(join(folder, "seen"));
  assert.equal(witness.addCheckpoint(question(log, 0)).status, 200);
});
