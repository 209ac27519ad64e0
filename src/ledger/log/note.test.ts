import assert from "node:assert/strict";
import { test } from "node:test";
import { makeKey } from "../ledger.fixture.ts";
import { parseCheckpointText, readCheckpoint, signCheckpoint } from "./checkpoint.ts";
import { verifierKey } from "./log-key.ts";
import { emptyRoot } from "./merkle.ts";
import { checkSignatures, formatSignature, maxSignatures, parseNote } from "./note.ts";
import { formatVerifierKey, parseVerifierKey } from "./verifier-key.ts";

/** C2SP signed-note, "Example". */
const example = {
  key: "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
  note: "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n",
};

const malformed = { code: "log-note-malformed" };

test("the example of C2SP signed-note verifies, and not when a letter is changed", () => {
  const key = parseVerifierKey(example.key, "the example");
  assert.equal(formatVerifierKey(key.name, key.key), example.key);
  assert.deepEqual(checkSignatures(parseNote(example.note, "it"), [key], "it"), [key]);
  const altered = parseNote(example.note.replace("an example", "no example"), "it");
  assert.throws(() => checkSignatures(altered, [key], "it"), malformed);
});

test("the text of a note ends at its last empty line", () => {
  const poem = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n";
  const { text, signatures } = parseNote(
    `${poem}\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n`,
    "it",
  );
  assert.equal(text, poem);
  assert.equal(signatures[0]?.name, "quasimodo.example/salvatore");
});

test("signatures of unknown keys are passed over, also of the same name or the same id", () => {
  const key = parseVerifierKey(example.key, "it");
  const { text, signatures } = parseNote(example.note, "it");
  const [own] = signatures;
  assert.ok(own);
  const others = [
    { ...own, name: "example.com/bar" },
    { ...own, id: Buffer.from("12345678", "hex") },
  ];
  assert.equal(checkSignatures({ text, signatures: [...others, own] }, [key], "it").length, 1);
  assert.equal(checkSignatures({ text, signatures: others }, [key], "it").length, 0);
});

test("a key that is known signs once, and well, or the note counts for nothing", () => {
  const key = parseVerifierKey(example.key, "it");
  const { text, signatures } = parseNote(example.note, "it");
  const [own] = signatures;
  assert.ok(own);
  assert.throws(() => checkSignatures({ text, signatures: [own, own] }, [key], "it"), malformed);
  const bad = { ...own, bytes: Buffer.alloc(64) };
  assert.throws(() => checkSignatures({ text, signatures: [bad] }, [key], "it"), malformed);
});

test("what is no signed note is refused", () => {
  const line = example.note.split("\n\n")[1]!;
  const wrong: Record<string, string | Buffer> = {
    "without a signature": "text\n",
    "without an empty line": `text\n${line}`,
    "without the last newline": example.note.slice(0, -1),
    "another dash": example.note.replace("—", "-"),
    "a space more": example.note.replace("foo ", "foo  "),
    "no base64": example.note.replace("IneyaQM=", "IneyaQM*"),
    "base64 with spare bits": example.note.replace("IneyaQM=", "IneyaQN="),
    "only a key id": example.note.replace(/Uw2.*/, "Uw2QOg=="),
    "a plus in the name": example.note.replace("example.com/foo", "example.com+foo"),
    "a control character": example.note.replace("an", "a\u0007n"),
    "a carriage return": example.note.replaceAll("\n", "\r\n"),
    "not UTF-8": Buffer.concat([Buffer.from([0xff]), Buffer.from(example.note)]),
    "too many signatures": `text\n\n${line.repeat(maxSignatures + 1)}`,
    "too large": `${"x".repeat(70_000)}\n\n${line}`,
  };
  for (const [what, note] of Object.entries(wrong)) assert.throws(() => parseNote(note, what), malformed, what);
  assert.equal(parseNote(`text\n\n${line.repeat(16)}`, "sixteen").signatures.length, 16);
});

test("a verifier key must be whole, of a known kind, and have the id of its name", () => {
  const good = example.key;
  const wrong = [
    "",
    "example.com/foo",
    good.replace("530d903a", "530d903b"),
    good.replace("foo", "bar"),
    good.replace("AekyeR", "AukyeR"),
    `${good}x`,
    good.slice(0, -4),
    good.replace("example.com/foo", "exa mple"),
  ];
  for (const text of wrong) assert.throws(() => parseVerifierKey(text, "it"), { code: "key-malformed" }, text);
});

test("a verifier key whose base64 holds a plus is read", () => {
  const keys = Array.from({ length: 40 }, () => verifierKey(makeKey()));
  const plus = keys.filter((key) => key.split("+").length > 3);
  assert.ok(plus.length > 0);
  for (const key of plus) assert.equal(parseVerifierKey(key, "it").name, "ingot.example/events");
});

test("C2SP tlog-checkpoint's example is read, and what is no checkpoint is refused", () => {
  const root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
  const text = `example.com/behind-the-sofa\n20852163\n${root}\n`;
  const { origin, size, root: parsed } = parseCheckpointText(text, "it");
  assert.deepEqual([origin, size, parsed.toString("base64")], ["example.com/behind-the-sofa", 20_852_163, root]);
  assert.equal(parseCheckpointText(`${text}extension\n`, "it").size, 20_852_163);
  const wrong = ["\n1\n", "a\n01\n", "a\n-1\n", "a\n1e3\n", "a\n99999999999999999\n", "a\n\n"].map(
    (start) => `${start}${root}\n`,
  );
  for (const one of [...wrong, `a\n1\n${root.slice(4)}\n`, `a\n1\n${root}`, `a\n1\n${root}\n\n`, `a\n0\n${root}\n`])
    assert.throws(() => parseCheckpointText(one, "it"), malformed, JSON.stringify(one));
});

test("a checkpoint counts only for the log whose key signed it, under the name that is signed", () => {
  const [key, other] = [makeKey(), makeKey()];
  const log = parseVerifierKey(verifierKey(key), "it");
  const { note } = signCheckpoint(key, { size: 0, root: emptyRoot });
  assert.equal(readCheckpoint(note, log, "it").size, 0);
  const foreign = parseVerifierKey(verifierKey(other), "it");
  assert.throws(() => readCheckpoint(note, foreign, "it"), { code: "log-key-wrong" });
  // Attack: the same key under a second name signs for a log of the first.
  const named = { ...key, name: "ingot.example/other" };
  const { signatures } = parseNote(signCheckpoint(named, { size: 0, root: emptyRoot }).note, "it");
  const crossed = `${parseNote(note, "it").text}\n${signatures.map(formatSignature).join("")}`;
  const asOther = parseVerifierKey(verifierKey(named), "it");
  assert.throws(() => readCheckpoint(crossed, asOther, "it"), malformed);
});
