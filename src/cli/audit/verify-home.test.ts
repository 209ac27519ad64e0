import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openController } from "../../controller/open-controller.ts";
import { makeEvent } from "../../controller/events/events.ts";
import { readSettings } from "../../controller/read-settings.ts";
import { processContext } from "../../ground/context.ts";
import { openDatabase } from "../../ledger/projection/sqlite.ts";
import { hashedRekordEntry } from "../../ledger/signatures/hashed-rekord.ts";
import { describeVerified } from "./describe-verified.ts";
import { verifyHome, type VerifiedHome } from "./verify-home.ts";

let folder = "";
let keys: readonly string[] = [];

/** The ledger of a real controller that was run and stopped: 302 events, three signatures. */
before(async () => {
  const home = mkdtempSync(join(tmpdir(), "ingot-audit-"));
  folder = join(home, "ledger");
  const ctx = processContext({ home, env: {}, now: () => new Date("2026-11-21T12:00:00Z") });
  const controller = await openController(ctx, readSettings(ctx, { baseUrl: "http://ingot.example" }));
  const events = Array.from({ length: 300 }, (_, index) =>
    makeEvent("workload:ci", "tag.set", {
      repository: "shop/web",
      tag: `t${index}`,
      digest: `sha256:${"a".repeat(64)}`,
    }),
  );
  await controller.ledger.transact(() => ({ events, result: undefined }));
  const signed = { digest: Buffer.alloc(32), publicKey: Buffer.alloc(91) };
  for (const byte of [1, 2, 3]) {
    await controller.signatures.append([hashedRekordEntry({ ...signed, signature: Buffer.alloc(70, byte) })]);
  }
  keys = [controller.ledger.log.verifierKey, controller.signatures.verifierKey];
  await controller.close();
});

after(() => rmSync(join(folder, ".."), { recursive: true }));

/** What is found in a copy in which something was changed. */
function verifyChanged(change: (copy: string) => void): VerifiedHome {
  const copy = mkdtempSync(join(tmpdir(), "ingot-audit-copy-"));
  try {
    cpSync(folder, copy, { recursive: true });
    change(copy);
    return verifyHome({ folder: copy, keys, witnesses: [] });
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function flip(path: string, find: string | number): void {
  const bytes = readFileSync(path);
  const at = typeof find === "number" ? find : bytes.indexOf(find);
  assert.ok(at >= 0 && at < bytes.length, `${path} has ${find}`);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** The one file below a folder that holds a text. */
function holding(root: string, text: string): string {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const found = files
    .map((entry) => join(entry.parentPath, entry.name))
    .find((path) => readFileSync(path).includes(text));
  assert.ok(found, text);
  return found;
}

test("what was run and stopped verifies, and the answer has sizes, roots and keys", () => {
  const verified = verifyChanged(() => {});
  assert.ok(verified.isGood);
  assert.deepEqual(
    verified.logs.map(({ found }) => found.checkpoint?.size),
    [302, 3],
  );
  const text = describeVerified(verified);
  for (const key of keys) assert.ok(text.includes(key));
  assert.match(text, /302 entries, root [A-Za-z0-9+/]{43}=/);
  assert.match(text, /everything is as it was signed/);
});

test("one byte changed in an event names that event", () => {
  for (const [number, tag] of [
    [2, '"t0"'],
    [125, '"t123"'],
    [301, '"t299"'],
  ] as const) {
    const { isGood, logs, state } = verifyChanged((copy) => flip(holding(join(copy, "events/tile/entries"), tag), tag));
    assert.equal(isGood, false);
    assert.ok(
      logs[0]?.found.findings.some(({ entry }) => entry === number),
      `event ${number}`,
    );
    assert.deepEqual(logs[1]?.found.findings, []);
    assert.equal(state, undefined, "what should follow from them is not known");
  }
});

test("one byte changed in a tile of hashes names the entry of that hash", () => {
  const { isGood, logs } = verifyChanged((copy) => flip(join(copy, "events/tile/0/000"), 32 * 77 + 5));
  assert.equal(isGood, false);
  assert.deepEqual(
    logs[0]?.found.findings.map(({ entry, file }) => [entry, file]),
    [[77, "tile/0/000"]],
  );
});

test("one byte changed in the signature log names its entry", () => {
  const { isGood, logs } = verifyChanged((copy) => {
    const entry = Buffer.alloc(70, 2).toString("base64");
    flip(holding(join(copy, "signatures/tile/entries"), entry), entry);
  });
  assert.equal(isGood, false);
  assert.deepEqual(logs[0]?.found.findings, []);
  assert.ok(logs[1]?.found.findings.some(({ entry }) => entry === 1));
});

test("a changed checkpoint of either log is found", () => {
  for (const log of ["events", "signatures"]) {
    const { isGood } = verifyChanged((copy) => flip(join(copy, log, "checkpoint"), "\n\n"));
    assert.equal(isGood, false, log);
  }
});

test("a row that was altered in the database names its table, key and event", () => {
  const { isGood, state } = verifyChanged((copy) => {
    const database = openDatabase(join(copy, "state.db"), "keep");
    database.execute("UPDATE tags SET digest = 'sha256:b' WHERE tag = 't41'");
    database.close();
  });
  assert.equal(isGood, false);
  assert.deepEqual(
    state?.findings.map(({ table, event, key }) => [table, event, key?.tag]),
    [["tags", 43, "t41"]],
  );
});

test("one byte of a row changed in the file of the database names the row", () => {
  const { isGood, state } = verifyChanged((copy) => flip(join(copy, "state.db"), "shop/webt41sha256"));
  assert.equal(isGood, false);
  const found = JSON.stringify(state?.findings);
  assert.ok(found.includes("t41"), found.slice(0, 500));
});

test("another key than the log's own finds everything wrong, and no key at all takes that of the folder and says so", () => {
  const copy = join(folder, "..", "foreign");
  const other = verifyHome({ folder, keys: [], witnesses: [] });
  assert.ok(other.isGood && other.logs.every(({ isOwnKey }) => isOwnKey));
  assert.match(describeVerified(other), /from the folder itself/);
  cpSync(folder, copy, { recursive: true });
  for (const name of ["events.key", "signatures.key"]) rmSync(join(copy, name));
  assert.throws(() => verifyHome({ folder: copy, keys: [], witnesses: [] }), { code: "key-missing" });
  assert.ok(verifyHome({ folder: copy, keys, witnesses: [] }).isGood, "files and public keys are enough");
  assert.throws(() => verifyHome({ folder, keys: [keys[0] ?? "", keys[0] ?? ""], witnesses: [] }), { code: "usage" });
});

test("an entry of the signature log that is no signature is found although it is in the tree", async () => {
  const home = mkdtempSync(join(tmpdir(), "ingot-audit-"));
  try {
    const ctx = processContext({ home, env: {}, now: () => new Date("2026-11-21T12:00:00Z") });
    const controller = await openController(ctx, readSettings(ctx, { baseUrl: "http://ingot.example" }));
    await controller.signatures.append([Buffer.from('{"apiVersion":"0.0.2","kind":"note"}')]);
    await controller.close();
    const { isGood, logs } = verifyHome({ folder: join(home, "ledger"), keys: [], witnesses: [] });
    assert.equal(isGood, false);
    assert.match(logs[1]?.found.findings[0]?.problem ?? "", /no hashedrekord 0\.0\.2 as entry 0/);
  } finally {
    rmSync(home, { recursive: true });
  }
});

// Attack: yesterday's copy of everything in place of today's: it was signed and cosigned in its time.
test("an older copy of the whole ledger is found by who kept a newer checkpoint, and another history by who kept any", async () => {
  const home = mkdtempSync(join(tmpdir(), "ingot-audit-"));
  try {
    const ctx = processContext({ home, env: {}, now: () => new Date("2026-11-21T12:00:00Z") });
    const tagged = async (tag: string): Promise<string> => {
      const controller = await openController(ctx, readSettings(ctx, { baseUrl: "http://ingot.example" }));
      const event = makeEvent("workload:ci", "tag.set", { repository: "shop/web", tag, digest: "sha256:00" });
      const { checkpoint } = await controller.ledger.transact(() => ({ events: [event], result: undefined }));
      await controller.close();
      return checkpoint.note;
    };
    const putBack = (): void => {
      rmSync(join(home, "ledger"), { recursive: true });
      cpSync(join(home, "older"), join(home, "ledger"), { recursive: true });
    };
    const verify = (note: string) =>
      verifyHome({ folder: join(home, "ledger"), keys: [], witnesses: [], kept: { note, from: "kept.txt" } });
    const first = await tagged("a");
    cpSync(join(home, "ledger"), join(home, "older"), { recursive: true });
    const second = await tagged("b");
    for (const note of [first, second]) assert.equal(verify(note).isGood, true);
    putBack();
    assert.equal(verify(first).isGood, true);
    const [cut] = verify(second).logs[0]?.found.findings ?? [];
    assert.equal(cut?.problem, "has 3 entries, and the log has had 4, by its own signature in kept.txt");
    await tagged("c");
    const [forked] = verify(second).logs[0]?.found.findings ?? [];
    assert.equal(forked?.problem, "is of another history than the 4 entries that the log signed in kept.txt");
    const [strange] = verify(second.replace("ingot.example", "other.example")).logs[0]?.found.findings ?? [];
    assert.match(strange?.problem ?? "", /cannot be held against the one that was kept: kept\.txt is not/);
  } finally {
    rmSync(home, { recursive: true });
  }
});

// Attack: the event log has witnesses; who puts an older copy of the signature log in place makes it sign other entries under the same numbers.
test("a signature log that lacks an entry which an event names is found, and no controller starts on it", async () => {
  const home = mkdtempSync(join(tmpdir(), "ingot-audit-"));
  try {
    const ctx = processContext({ home, env: {}, now: () => new Date("2026-11-21T12:00:00Z") });
    const open = () => openController(ctx, readSettings(ctx, { baseUrl: "http://ingot.example" }));
    const controller = await open();
    const signed = { digest: Buffer.alloc(32), publicKey: Buffer.alloc(91) };
    const log = (byte: number) =>
      controller.signatures.append([hashedRekordEntry({ ...signed, signature: Buffer.alloc(70, byte) })]);
    await log(1);
    const signatures = join(home, "ledger/signatures");
    cpSync(signatures, join(home, "older"), { recursive: true });
    await log(2);
    const digest = `sha256:${"a".repeat(64)}`;
    const accepted = makeEvent("workload:ci", "statement.accepted", {
      repository: "shop/web",
      subject: digest,
      manifest: digest,
      kind: "signature",
      predicateType: "https://sigstore.dev/cosign/sign/v1",
      key: "00",
      role: "builder",
      principal: "workload:ci",
      payload: digest,
      facts: { kind: "none" },
      logged: { index: 1, manifest: digest },
    });
    const { events } = await controller.ledger.transact(() => ({ events: [accepted], result: undefined }));
    await controller.close();
    const verify = () => verifyHome({ folder: join(home, "ledger"), keys: [], witnesses: [] });
    assert.equal(verify().isGood, true);
    await (await open()).close();
    rmSync(signatures, { recursive: true });
    cpSync(join(home, "older"), signatures, { recursive: true });
    const { isGood, logs } = verify();
    assert.equal(isGood, false);
    const problem = `has 1 entries, and event #${events[0]?.index} names entry 1: the log was cut short`;
    assert.deepEqual(logs[1]?.found.findings, [{ file: "checkpoint", entry: 1, problem }]);
    await assert.rejects(open(), { code: "log-forked", message: /an event names its entry 1/ });
    // Nothing stays locked behind who was refused.
    await assert.rejects(open(), { code: "log-forked" });
  } finally {
    rmSync(home, { recursive: true });
  }
});
