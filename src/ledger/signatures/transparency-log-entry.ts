import type { Log } from "../log/log.ts";
import { hashedRekord } from "./hashed-rekord.ts";
import { logIdOf } from "./log-id.ts";

/** A `TransparencyLogEntry` (sigstore_rekor.proto) as protobuf's JSON: 64-bit numbers are strings, bytes are base64. */
export type TransparencyLogEntry = {
  readonly logIndex: string;
  readonly logId: { readonly keyId: string };
  readonly kindVersion: { readonly kind: string; readonly version: string };
  readonly inclusionProof: {
    readonly logIndex: string;
    readonly rootHash: string;
    readonly treeSize: string;
    readonly hashes: readonly string[];
    readonly checkpoint: { readonly envelope: string };
  };
  readonly canonicalizedBody: string;
};

/**
 * What proves to anyone who has the log's key that the entry at `index` is in the log, offline. It has no time: Rekor v2 gives none either, and a key, unlike a
 * certificate, needs none.
 */
export function transparencyLogEntry(log: Log, index: number): TransparencyLogEntry {
  const { checkpoint, hashes } = log.proveInclusion(index);
  return {
    logIndex: String(index),
    logId: { keyId: logIdOf(log.verifierKey) },
    kindVersion: { kind: hashedRekord.kind, version: hashedRekord.version },
    inclusionProof: {
      logIndex: String(index),
      rootHash: checkpoint.root.toString("base64"),
      treeSize: String(checkpoint.size),
      hashes: hashes.map((one) => one.toString("base64")),
      checkpoint: { envelope: checkpoint.note },
    },
    canonicalizedBody: log.readEntry(index).toString("base64"),
  };
}
