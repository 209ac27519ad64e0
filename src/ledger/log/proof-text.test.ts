import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProof, parseProof } from "./proof-text.ts";

const hashes = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const note =
  "ingot.example/events\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— ingot.example/events AAAAAAAA\n";
const checkpoint = { origin: "ingot.example/events", size: 3, root: Buffer.alloc(32), note };
const proof = formatProof({ index: 2, hashes, checkpoint });

test("a proof is written as C2SP tlog-proof has it, and read back", () => {
  const lines = ["c2sp.org/tlog-proof@v1", "index 2", ...hashes.map((one) => one.toString("base64")), "", note];
  assert.equal(proof, lines.join("\n"));
  assert.deepEqual(parseProof(proof), { index: 2, hashes, note });
});

test("the only entry of a log needs no hashes", () => {
  const alone = formatProof({ index: 0, hashes: [], checkpoint });
  assert.deepEqual(parseProof(alone), { index: 0, hashes: [], note });
});

test("what is not exactly of that form is refused", () => {
  const cases: Readonly<Record<string, string>> = {
    empty: "",
    "another version": proof.replace("@v1", "@v2"),
    "extra data": proof.replace("\nindex", "\nextra AAAA\nindex"),
    "a leading zero": proof.replace("index 2", "index 02"),
    "a negative index": proof.replace("index 2", "index -2"),
    "an index that no number holds": proof.replace("index 2", "index 9999999999999999"),
    "no index": proof.replace("index 2\n", ""),
    "a hash that is too short": proof.replace(hashes[0]?.toString("base64") ?? "", "AAAA"),
    "a hash with other base64 for the same bytes": proof.replace("AQE=\n", "AQF=\n"),
    "carriage returns": proof.replaceAll("\n", "\r\n"),
    "no checkpoint": proof.slice(0, proof.indexOf("\n\n")),
    "more than any proof has": proof.replace("\n\n", `\n${`${"A".repeat(43)}=\n`.repeat(4000)}\n`),
  };
  for (const [name, text] of Object.entries(cases)) {
    assert.notEqual(text, proof, name);
    assert.throws(() => parseProof(text), { code: "proof-malformed" }, name);
  }
});
