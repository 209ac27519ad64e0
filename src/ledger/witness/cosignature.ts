import { sign } from "node:crypto";
import type { LogKey } from "../log/log.ts";
import { cosignedMessage, formatSignature } from "../log/note.ts";
import { formatVerifierKey, parseVerifierKey, signatureType } from "../log/verifier-key.ts";

/** The public half of a witness' key. The same secret must never be a log's key too: the type is part of what names the key, not of what is signed. */
export function witnessVerifierKey({ name, secret }: LogKey): string {
  return formatVerifierKey(name, secret, signatureType.cosignature);
}

/** The line that a witness adds to a checkpoint: that at `time` this was the largest tree of the log that it had seen (C2SP tlog-cosignature, cosignature/v1). */
export function cosignatureLine(key: LogKey, text: string, time: Date): string {
  const timestamp = BigInt(Math.floor(time.getTime() / 1000));
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(timestamp);
  const signature = sign(null, cosignedMessage(text, timestamp), key.secret);
  const { id } = parseVerifierKey(witnessVerifierKey(key), key.name);
  return formatSignature({ name: key.name, id, bytes: Buffer.concat([bytes, signature]) });
}
