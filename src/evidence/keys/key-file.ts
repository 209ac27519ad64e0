import { IngotError } from "../../ground/error.ts";

/** What a key file says without its passphrase. */
export type KeyFile = {
  /** JSON as `sealed-key.ts` reads it. */
  readonly sealed: Buffer;
  /** From the text before the PEM blocks; absent in a file that cosign wrote. */
  readonly id?: string;
  /** ISO 8601. */
  readonly created?: string;
  /** SPKI in PEM; absent in a file that cosign wrote. */
  readonly publicPem?: string;
};

/**
 * `ROLE.key`: cosign's PEM block of the encrypted private key, then the public key, so that one rename puts the whole pair in place; before them
 * the id and the date in plain text, which PEM readers skip (RFC 7468, section 2) and a build reads without any cryptography.
 */
export function formatKeyFile(key: Required<KeyFile>): string {
  return [`id: ${key.id}`, `created: ${key.created}`, "", pemBlock(sigstoreLabel, key.sealed), key.publicPem].join(
    "\n",
  );
}

/** Throws `key-malformed`; `from` names the file. */
export function parseKeyFile(text: string, from: string): KeyFile {
  if (text.length > maxSize) throw malformed(from, `it is larger than ${maxSize} bytes`);
  const [private_, second] = [...text.matchAll(privateBlock)];
  if (private_ === undefined) throw malformed(from, "it holds no encrypted private key");
  if (second !== undefined) throw malformed(from, "it holds more than one private key");
  const preface = text.slice(0, private_.index);
  const id = /^id: ([0-9a-f]{64})$/m.exec(preface)?.[1];
  const created = /^created: (\S{1,40})$/m.exec(preface)?.[1];
  const publicPem = publicBlock.exec(text)?.[0];
  return {
    sealed: Buffer.from(private_[1] ?? "", "base64"),
    ...(id === undefined ? {} : { id }),
    ...(created === undefined ? {} : { created }),
    ...(publicPem === undefined ? {} : { publicPem: `${publicPem}\n` }),
  };
}

const maxSize = 64 * 1024;
const sigstoreLabel = "ENCRYPTED SIGSTORE PRIVATE KEY";
/** cosign before 2.0 wrote COSIGN. */
const privateBlock =
  /^-----BEGIN (?:ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY)-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----$/gm;
const publicBlock = /^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----$/m;

function pemBlock(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join("\n");
}

function malformed(from: string, why: string): IngotError {
  return new IngotError("key-malformed", `${from} is not a key file of Ingot or cosign: ${why}`, {
    hint: "a key that cosign generate-key-pair made is taken by `ingot key import FILE --role ROLE`; restore a damaged one from a copy",
  });
}
