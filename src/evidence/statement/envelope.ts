/** DSSE: what is signed is the payload together with its type (Pre-Authentication Encoding, dsse/protocol.md), so that neither can be taken for another. */
export function preAuthEncoding(payload: Uint8Array): Buffer {
  const header = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(header, "ascii"), payload]);
}

/** Of in-toto statements. */
export const payloadType = "application/vnd.in-toto+json";
