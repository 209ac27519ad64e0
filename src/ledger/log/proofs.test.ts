import assert from "node:assert/strict";
import { test } from "node:test";
import { makeEntries, openTestLog, pick } from "../ledger.fixture.ts";
import { GrowingTree } from "./growing-tree.ts";
import { emptyRoot, hashLeaf, hashNode } from "./merkle.ts";
import { verifyConsistency, verifyInclusion } from "./verify-proof.ts";

/** The test data of the first implementation of RFC 6962 (certificate-transparency, merkle_tree_test). */
const vectors = {
  leaves: ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"],
  roots: [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ],
  /** Of the first leaf in the tree of eight. */
  path: [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
  ],
};

test("trees have the roots and paths of RFC 6962's test data", async (t) => {
  const entries = vectors.leaves.map((leaf) => Buffer.from(leaf, "hex"));
  const tree = new GrowingTree();
  assert.equal(tree.root().toString("hex"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (const [at, entry] of entries.entries()) {
    tree.append(hashLeaf(entry));
    assert.equal(tree.root().toString("hex"), vectors.roots[at]);
  }
  const log = await openTestLog(t);
  await log.append(entries);
  const { hashes } = log.proveInclusion(0);
  assert.deepEqual(
    hashes.map((hash) => hash.toString("hex")),
    vectors.path,
  );
});

/** RFC 6962, section 2.1, word for word. */
function naiveRoot(leaves: readonly Buffer[]): Buffer {
  const [leaf = emptyRoot] = leaves;
  if (leaves.length <= 1) return leaf;
  const half = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return hashNode(naiveRoot(leaves.slice(0, half)), naiveRoot(leaves.slice(half)));
}

test("every size from 0 to 300 has the root of the plain definition, and its proofs hold", async (t) => {
  const log = await openTestLog(t);
  const entries = makeEntries(300);
  const leaves = entries.map(hashLeaf);
  const roots = [emptyRoot];
  for (let size = 1; size <= 300; size++) {
    await log.append(entries.slice(size - 1, size));
    const head = log.checkpoint();
    assert.ok(head.root.equals(naiveRoot(leaves.slice(0, size))), `root of ${size}`);
    roots.push(head.root);
    for (const index of [0, size - 1, pick(`leaf ${size}`, size)]) {
      const proof = log.proveInclusion(index);
      assert.ok(verifyInclusion(leaves[index]!, proof, head), `entry ${index} of ${size}`);
    }
    for (const from of [0, 1, size, pick(`from ${size}`, size + 1)]) {
      const earlier = { size: from, root: roots[from]! };
      assert.ok(verifyConsistency(earlier, head, log.proveConsistency(from)), `${from} to ${size}`);
    }
  }
});

test("every entry and every earlier size of a log of 600 entries has a proof, and none for another entry, place or tree", async (t) => {
  const log = await openTestLog(t);
  const entries = makeEntries(600);
  const tree = new GrowingTree();
  const roots = [emptyRoot];
  for (const entry of entries) {
    tree.append(hashLeaf(entry));
    roots.push(tree.root());
  }
  await log.append(entries);
  const head = log.checkpoint();
  for (const [index, entry] of entries.entries()) {
    const proof = log.proveInclusion(index);
    const leaf = hashLeaf(entry);
    assert.ok(verifyInclusion(leaf, proof, head));
    assert.ok(!verifyInclusion(hashLeaf(Buffer.from("another")), proof, head));
    assert.ok(!verifyInclusion(leaf, { ...proof, index: (index + 1) % 600 }, head));
    assert.ok(!verifyInclusion(leaf, { ...proof, hashes: proof.hashes.slice(1) }, head));
    assert.ok(!verifyInclusion(leaf, { ...proof, hashes: [...proof.hashes, head.root] }, head));
    assert.ok(!verifyInclusion(leaf, { ...proof, index: index + 600 }, head));
    const earlier = { size: index, root: roots[index]! };
    const hashes = log.proveConsistency(index);
    assert.ok(verifyConsistency(earlier, head, hashes), `from ${index}`);
    // Attack: a tree whose beginning was rewritten.
    const forked = { size: index, root: hashLeaf(Buffer.from("fork")) };
    assert.ok(!verifyConsistency(forked, head, hashes), `fork at ${index}`);
    assert.ok(
      !verifyConsistency(earlier, { ...head, root: forked.root }, hashes) || index === 0,
      `to a fork from ${index}`,
    );
    if (index > 0) assert.ok(!verifyConsistency({ ...earlier, size: index - 1 }, head, hashes), `as ${index - 1}`);
  }
});

test("a proof with hashes of another length, a negative or a broken size is none", () => {
  const leaf = hashLeaf(Buffer.from("x"));
  const head = { size: 2, root: hashNode(leaf, leaf) };
  assert.ok(verifyInclusion(leaf, { index: 0, hashes: [leaf] }, head));
  assert.ok(!verifyInclusion(leaf, { index: 0, hashes: [leaf.subarray(1)] }, head));
  assert.ok(!verifyInclusion(leaf, { index: -1, hashes: [leaf] }, head));
  assert.ok(!verifyInclusion(leaf, { index: 0.5, hashes: [leaf] }, head));
  assert.ok(!verifyInclusion(leaf, { index: 0, hashes: [leaf] }, { ...head, size: Number.NaN }));
  assert.ok(!verifyConsistency({ size: 3, root: head.root }, head, []));
  assert.ok(!verifyConsistency({ size: 0, root: leaf }, head, []));
});
