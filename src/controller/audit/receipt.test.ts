import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test, type TestContext } from "node:test";
import { formatVerifierKey } from "../../ledger/log/verifier-key.ts";
import { openTestController, type TestController } from "../controller.fixture.ts";
import { makeEvent } from "../events/events.ts";
import { record } from "../verbs/releases.fixture.ts";
import { checkReceipt, makeReceipt, type Receipt } from "./receipt.ts";

type World = TestController & { readonly receipt: Receipt; readonly text: string; readonly key: string };

async function open(t: TestContext): Promise<World> {
  const made = await openTestController(t);
  const { controller } = made;
  const tags = Array.from({ length: 300 }, (_, index) =>
    makeEvent("user:alice", "tag.deleted", { repository: "shop/web", tag: `t${index}` }),
  );
  await record(controller, ...tags);
  const receipt = makeReceipt(controller.ledger, 123);
  return { ...made, receipt, text: JSON.stringify(receipt), key: controller.ledger.log.verifierKey };
}

test("a receipt proves its event with nothing but the log's public key", async (t) => {
  const { controller, text, key } = await open(t);
  const { event, checkpoint } = checkReceipt(text, { key });
  assert.deepEqual(event, controller.ledger.event(123));
  assert.equal(checkpoint.size, controller.ledger.log.checkpoint().size);
  assert.deepEqual(checkReceipt(JSON.stringify(makeReceipt(controller.ledger, 0)), { key }).event.index, 0);
});

test("its proof is a c2sp.org/tlog-proof, line by line", async (t) => {
  const { controller, receipt } = await open(t);
  const lines = receipt.proof.split("\n");
  assert.deepEqual(lines.slice(0, 2), ["c2sp.org/tlog-proof@v1", "index 123"]);
  const end = lines.indexOf("");
  for (const line of lines.slice(2, end)) assert.match(line, /^[A-Za-z0-9+/]{43}=$/);
  assert.equal(lines.slice(end + 1).join("\n"), controller.ledger.log.checkpoint().note);
});

test("a receipt that was altered in any field proves nothing", async (t) => {
  const { receipt, key } = await open(t);
  const { event, proof } = receipt;
  const fields: Readonly<Record<string, object>> = {
    format: { format: "ingot-receipt/2" },
    "the event's actor": { event: { ...event, actor: "user:mallory" } },
    "the event's time": { event: { ...event, time: "2026-11-21T12:00:01.000Z" } },
    "the event's type": { event: { ...event, type: "tag.set" } },
    "the event's number": { event: { ...event, index: 124 } },
    "the event's data": { event: { ...event, data: { ...event.data, tag: "t9" } } },
    "a member more in the event": { event: { ...event, more: 1 } },
    "the entry": { entry: Buffer.from(receipt.entry, "base64").toString("base64").replace(/^./, "f") },
    "how the entry is written": { entry: `${receipt.entry}\n` },
    "the index of the proof": { proof: proof.replace("index 123", "index 124") },
    "the header of the proof": { proof: proof.replace("@v1", "@v2") },
    "extra data in the proof": { proof: proof.replace("\nindex", "\nextra AAAA\nindex") },
    "a hash of the proof": { proof: proof.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${"A".repeat(43)}=\n`) },
    "a hash less": { proof: proof.replace(/\n[A-Za-z0-9+/]{43}=\n/, "\n") },
    "the checkpoint's size": { proof: proof.replace("\n302\n", "\n303\n") },
    "the checkpoint's origin": { proof: proof.replace("\n\ningot.example/events", "\n\nother.example/events") },
    "the signature": { proof: proof.replace(/(— \S+ ..........)./, "$1-") },
    "how to check it": { check: "trust me" },
    "a member more": { note: "" },
  };
  for (const [name, change] of Object.entries(fields)) {
    const altered = JSON.stringify({ ...receipt, ...change });
    assert.notEqual(altered, JSON.stringify(receipt), `${name} was altered`);
    assert.throws(() => checkReceipt(altered, { key }), { code: "receipt-wrong" }, name);
  }
  for (const field of Object.keys(receipt)) {
    const less = { ...receipt, [field]: undefined };
    assert.throws(() => checkReceipt(JSON.stringify(less), { key }), { code: "receipt-wrong" }, `without ${field}`);
  }
});

test("what is no receipt at all proves nothing, and is no mistake of the program", async (t) => {
  const { key } = await open(t);
  for (const text of [
    "",
    "null",
    "[]",
    "{",
    '"c2sp.org/tlog-proof@v1"',
    '{"format":"ingot-receipt/1"}',
    "[".repeat(100_000),
  ])
    assert.throws(() => checkReceipt(text, { key }), { code: "receipt-wrong" }, text.slice(0, 40));
});

test("a receipt that shows an event without end, or an entry longer than one can be, proves nothing", async (t) => {
  const { key, receipt } = await open(t);
  const deep = JSON.parse("[".repeat(3000) + "]".repeat(3000)) as unknown;
  const entry = Buffer.alloc(70_000).toString("base64");
  for (const altered of [
    { ...receipt, event: { ...receipt.event, deep } },
    { ...receipt, entry },
  ])
    assert.throws(() => checkReceipt(JSON.stringify(altered), { key }), { code: "receipt-wrong" });
});

test("the receipt of another log, and one that a witness did not see, prove nothing", async (t) => {
  const { text, key } = await open(t);
  const other = formatVerifierKey("ingot.example/events", generateKeyPairSync("ed25519").publicKey);
  assert.throws(() => checkReceipt(text, { key: other }), { code: "receipt-wrong" });
  const witness = formatVerifierKey("witness.example", generateKeyPairSync("ed25519").publicKey, 4);
  assert.throws(() => checkReceipt(text, { key, witnesses: [witness] }), {
    code: "receipt-wrong",
    message: /witness\.example/,
  });
  assert.throws(() => checkReceipt(text, { key: "nonsense" }), { code: "key-malformed" });
});

test("there is no receipt for what has not happened", async (t) => {
  const { controller } = await open(t);
  assert.throws(() => makeReceipt(controller.ledger, 302), { code: "log-entry-unknown" });
});
