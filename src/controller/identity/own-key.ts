import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { describeKey, type PublicKey } from "../../evidence/keys/public-key.ts";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { readPrivateFile } from "../../ground/private-file.ts";

/** A key by which the controller itself says one kind of thing: ECDSA P-256, as all verifiers of the ecosystem take it. */
export type OwnKey = { readonly key: PublicKey; readonly sign: (bytes: Uint8Array) => Promise<Buffer> };

/** `file`: its name in `$INGOT_HOME/ledger`. `purpose`: what is signed with it, for people: `captures`. */
export type OwnKeyFile = { readonly file: string; readonly purpose: string };

/** A key of the controller (mode 0600), made at first need. Throws `key-exposed`, `key-malformed`, `key-unsuitable`. */
export function readOwnKey({ home }: Pick<Context, "home">, { file, purpose }: OwnKeyFile): OwnKey {
  const path = join(home, "ledger", file);
  const secret = load(readPrivateFile(path) ?? create(path), { path, purpose });
  const key = describeKey(createPublicKey(secret), path);
  return { key, sign: async (bytes) => sign("sha256", bytes, { key: secret, dsaEncoding: "der" }) };
}

function create(path: string): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  writeFileAtomic(path, pem, { mode: 0o600 });
  return pem;
}

function load(pem: string, { path, purpose }: { readonly path: string; readonly purpose: string }): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // Without the cause: it would quote a part of the key.
    throw new IngotError("key-malformed", `${path} does not hold the key that ${purpose} are signed with`, {
      hint: `restore it from a copy, or remove it: a new one is made for the next of these ${purpose}, and the former public key still verifies what it signed`,
    });
  }
}
