import { findingAt, type Lint, type LintFinding } from "./lint.ts";
import { isHostKey } from "./host-key.ts";

export const privateKey: Lint = {
  name: "private-key",
  rule: "no private key is in the image",
  why: "whoever can pull the image has the key, and every instance shares it",
  advice: "give it to the instance when it starts, and replace the key: it must be taken for known",
  check: ({ contents }) => [...contents].flatMap(([path, content]) => (isHostKey(path) ? [] : findKeys(path, content))),
};

/**
 * A header with key material below it. The header alone also stands in programs and manuals that handle keys. PEM with its optional headers (RFC 1421),
 * OpenSSH, PGP and sigstore use the same frame.
 */
const armored =
  /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----\r?\n(?:[A-Za-z-]+: [^\n]*\r?\n)*\s*[A-Za-z0-9+/=]{16}/;
const putty = /^PuTTY-User-Key-File-\d: /;
/** A JSON key file of a cloud provider's service account keeps the PEM in one line with written `\n`. */
const inJson = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----\\n[A-Za-z0-9+/=]{16}/;

function findKeys(path: string, content: Buffer): readonly LintFinding[] {
  const text = content.toString("latin1");
  const kind = armored.exec(text)?.[1] ?? inJson.exec(text)?.[1];
  if (kind !== undefined) return [findingAt(path, `holds a key of the kind ${kind}`)];
  if (putty.test(text)) return [findingAt(path, "holds a key of PuTTY")];
  return isPkcs12(path, content) ? [findingAt(path, "is a PKCS #12 container of keys")] : [];
}

/** PKCS #12 is a DER sequence that begins with version 3 (RFC 7292, 4): with the name it is meant, without it the bytes prove little. */
function isPkcs12(path: string, content: Buffer): boolean {
  return (
    /\.(?:p12|pfx)$/i.test(path) && content[0] === 0x30 && content.subarray(0, 12).includes(Buffer.from([2, 1, 3]))
  );
}
