import { createHash, createPublicKey } from "node:crypto";
import type { Signer } from "../../evidence/keys/signer.ts";
import { signBundle } from "../../evidence/statement/bundle.ts";
import { preAuthEncoding } from "../../evidence/statement/envelope.ts";
import type { Log } from "../log/log.ts";
import { hashedRekordEntry } from "./hashed-rekord.ts";
import { transparencyLogEntry, type TransparencyLogEntry } from "./transparency-log-entry.ts";

export type Bundle = {
  dsseEnvelope: { payload: string; signatures: { sig: string }[] };
  verificationMaterial: { publicKey: { hint: string }; tlogEntries?: TransparencyLogEntry[] };
};

/** Logs the signature of a bundle between others, as a controller does that takes many. */
export async function logBundle(log: Log, content: Buffer, signer: Signer): Promise<TransparencyLogEntry> {
  const { dsseEnvelope } = JSON.parse(content.toString()) as Bundle;
  const entry = hashedRekordEntry({
    digest: createHash("sha256")
      .update(preAuthEncoding(Buffer.from(dsseEnvelope.payload, "base64")))
      .digest(),
    signature: Buffer.from(dsseEnvelope.signatures[0]?.sig ?? "", "base64"),
    publicKey: createPublicKey(signer.key.pem).export({ type: "spki", format: "der" }),
  });
  const { first } = await log.append([Buffer.from("before"), entry, Buffer.from("after")]);
  return transparencyLogEntry(log, first + 1);
}

/** A statement in a bundle, and its entry. */
export async function signAndLog(
  log: Log,
  statement: object,
  signer: Signer,
): Promise<{ readonly bundle: Buffer; readonly entry: TransparencyLogEntry }> {
  const bundle = await signBundle(Buffer.from(JSON.stringify(statement)), signer);
  return { bundle, entry: await logBundle(log, bundle, signer) };
}

/** The entry with one bit of one of its parts turned; each alone must spoil it. */
export function spoil(entry: TransparencyLogEntry, part: SpoiltPart): TransparencyLogEntry {
  const { inclusionProof: proof, logId } = entry;
  const { envelope } = proof.checkpoint;
  const withNote = (note: string): TransparencyLogEntry => ({
    ...entry,
    inclusionProof: { ...proof, checkpoint: { envelope: note } },
  });
  switch (part) {
    case "a hash of the proof":
      return {
        ...entry,
        inclusionProof: { ...proof, hashes: [turnBit(proof.hashes[0] ?? ""), ...proof.hashes.slice(1)] },
      };
    case "the index":
      return { ...entry, logIndex: String(Number(entry.logIndex) + 1) };
    case "the checkpoint's signature":
      return withNote(envelope.replace(/(— \S+ )(\S+)/, (_, name: string, bytes: string) => name + turnBit(bytes)));
    case "the checkpoint's size":
      return withNote(
        envelope.replace(/^(.*\n)(\d+)/, (_, origin: string, size: string) => `${origin}${Number(size) + 1}`),
      );
    case "the log's id":
      return { ...entry, logId: { keyId: turnBit(logId.keyId) } };
  }
}

export const spoiltParts = [
  "a hash of the proof",
  "the index",
  "the checkpoint's signature",
  "the checkpoint's size",
  "the log's id",
] as const;
export type SpoiltPart = (typeof spoiltParts)[number];

function turnBit(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  return bytes.toString("base64");
}
