import assert from "node:assert/strict";
import test from "node:test";
import type { Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import { openProofReader } from "./read-proof.ts";

const digest = (number: number): Digest => `sha256:${String(number).padStart(64, "0")}` as Digest;

/** A layout whose blobs have a size and are never to be read, or are read as nothing. */
function sized(size: number, readBlob: () => Buffer): Layout {
  return { blobSize: () => size, readBlob } as unknown as Layout;
}

test("a bundle that is larger than any real one is refused before it is read", () => {
  const layout = sized((64 << 20) + 1, () => assert.fail("it was read"));
  const proof = openProofReader({ layout, image: digest(0), keys: [] })(digest(1));
  assert.deepEqual(proof, { status: "refused", reason: `its bundle has ${(64 << 20) + 1} bytes, more than 64 MiB` });
});

test("more than a gibibyte of bundles is not read, and each that is left out says so", () => {
  let reads = 0;
  const layout = sized(60 << 20, () => {
    reads++;
    return Buffer.from("{}");
  });
  const read = openProofReader({ layout, image: digest(0), keys: [] });
  const proofs = Array.from({ length: 20 }, (_, number) => read(digest(number)));
  assert.equal(reads, 17);
  const leftOut = proofs.filter((proof) => proof.status === "refused" && proof.reason.includes("1 GiB"));
  assert.equal(leftOut.length, 3);
  // Attached once more, nothing is read again.
  assert.equal(read(digest(1)), proofs[1]);
  assert.equal(reads, 17);
});
