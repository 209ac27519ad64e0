import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { IngotError } from "../../ground/error.ts";
import { makeEntries, makeFolder, makeKey, openTestLog } from "../ledger.fixture.ts";
import type { Cosign } from "./cosign.ts";
import { emptyRoot } from "./merkle.ts";
import { openLog } from "./open-log.ts";
import { parseCheckpointText } from "./checkpoint.ts";
import { parseNote } from "./note.ts";
import { verifyConsistency, type TreeHead } from "./verify-proof.ts";

/** Cosigns as a witness does: only what continues what it recorded. `fail` rejects once it has, or has not, recorded the note. */
class FakeWitness {
  recorded: TreeHead = { size: 0, root: emptyRoot };
  fail: "before" | "after" | undefined;
  offers = 0;

  readonly cosign: Cosign = async (note, { proveFrom }) => {
    this.offers += 1;
    const head = parseCheckpointText(parseNote(note, "it").text, "it");
    if (this.fail === "before") throw new IngotError("witness-unreachable", "no witness could be connected to");
    const proof = this.recorded.size === head.size ? [] : proveFrom(this.recorded.size);
    assert.ok(verifyConsistency(this.recorded, head, proof), `a fork: ${head.size} after ${this.recorded.size}`);
    this.recorded = head;
    if (this.fail === "after") throw new Error("the answer did not arrive");
    return `${note}— witness.example AAAAAAAA\n`;
  };
}

test("a checkpoint is published with what the witness added, after it recorded it", async (t) => {
  const witness = new FakeWitness();
  const log = await openTestLog(t, { cosign: witness.cosign });
  for (const size of [1, 2, 3]) {
    const { checkpoint } = await log.append(makeEntries(1, size));
    assert.match(checkpoint.note, /\n— witness\.example AAAAAAAA\n$/);
    assert.equal(witness.recorded.size, size);
  }
  assert.ok(!existsSync(join(log.folder, "checkpoint.pending")));
});

test("where no witness can have seen it, a batch is forgotten with all that waited behind it", async (t) => {
  const witness = new FakeWitness();
  const log = await openTestLog(t, { cosign: witness.cosign });
  await log.append(makeEntries(3));
  witness.fail = "before";
  const failed = await Promise.allSettled([log.append(makeEntries(1, 100)), log.append(makeEntries(300, 200))]);
  for (const one of failed)
    assert.equal(one.status === "rejected" && (one.reason as IngotError).code, "witness-unreachable");
  assert.equal(log.checkpoint().size, 3);
  assert.ok(!log.isInDoubt());
  witness.fail = undefined;
  const { first } = await log.append(makeEntries(2, 3));
  assert.equal(first, 3);
  assert.deepEqual([...log.readEntries(0)], makeEntries(5));
});

test("what a witness may have recorded comes before everything else, in this process and the next", async (t) => {
  const [folder, key, witness] = [join(makeFolder(t), "events"), makeKey(), new FakeWitness()];
  const { cosign } = witness;
  const log = await openLog({ folder, key, cosign });
  await log.append(makeEntries(3));
  witness.fail = "after";
  await assert.rejects(log.append(makeEntries(2, 3)), /the answer did not arrive/);
  // The log does not show it, but it can sign nothing else: the witness has recorded five entries.
  assert.equal(log.checkpoint().size, 3);
  assert.equal(witness.recorded.size, 5);
  assert.ok(log.isInDoubt());
  await assert.rejects(log.append(makeEntries(1, 900)), /the answer did not arrive/);
  await log.close();
  const again = await openTestLog(t, { folder, key, cosign });
  assert.ok(again.isInDoubt());
  assert.equal(again.checkpoint().size, 3);
  witness.fail = undefined;
  const { first } = await again.append(makeEntries(1, 5));
  assert.equal(first, 5);
  assert.deepEqual([...again.readEntries(0)], makeEntries(6));
});

test("what is in doubt stays so while the witness is not there, also when it is known not to have seen it again", async (t) => {
  const witness = new FakeWitness();
  const log = await openTestLog(t, { cosign: witness.cosign });
  witness.fail = "after";
  await assert.rejects(log.append(makeEntries(2)), /the answer did not arrive/);
  witness.fail = "before";
  await assert.rejects(log.append(makeEntries(1, 900)), { code: "witness-unreachable" });
  assert.ok(log.isInDoubt());
  witness.fail = undefined;
  // Nothing of its own: it only settles.
  assert.equal((await log.append([])).checkpoint.size, 2);
  assert.deepEqual([...log.readEntries(0)], makeEntries(2));
});

test("a log that needs no witness any more publishes what was in doubt", async (t) => {
  const [folder, key, witness] = [join(makeFolder(t), "events"), makeKey(), new FakeWitness()];
  const log = await openLog({ folder, key, cosign: witness.cosign });
  witness.fail = "after";
  await assert.rejects(log.append(makeEntries(2)), /the answer did not arrive/);
  await log.close();
  const again = await openTestLog(t, { folder, key });
  await again.append(makeEntries(1, 2));
  assert.deepEqual([...again.readEntries(0)], makeEntries(3));
});

test("a cosigned checkpoint that is not the one that was signed is not published", async (t) => {
  const other = await openTestLog(t, { key: makeKey() });
  const log = await openTestLog(t, { cosign: async () => other.checkpoint().note });
  await assert.rejects(log.append(makeEntries(1)), { code: "internal-error" });
  assert.equal(log.checkpoint().size, 0);
});
