import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { describeKey, type PublicKey } from "../../evidence/keys/public-key.ts";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { readPrivateFile } from "../../ground/private-file.ts";

/** The key by which the controller says what it captured, and nothing else: ECDSA P-256, as all verifiers of the ecosystem take it. */
export type GuardKey = { readonly key: PublicKey; readonly sign: (bytes: Uint8Array) => Promise<Buffer> };

/** The key of `$INGOT_HOME/ledger/guard.key` (mode 0600), made at first need. Throws `key-exposed`, `key-malformed`, `key-unsuitable`. */
export function readGuardKey({ home }: Pick<Context, "home">): GuardKey {
  const path = join(home, "ledger/guard.key");
  const secret = load(readPrivateFile(path) ?? create(path), path);
  const key = describeKey(createPublicKey(secret), path);
  return { key, sign: async (bytes) => sign("sha256", bytes, { key: secret, dsaEncoding: "der" }) };
}

function create(path: string): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  writeFileAtomic(path, pem, { mode: 0o600 });
  return pem;
}

function load(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // Without the cause: it would quote a part of the key.
    throw new IngotError("key-malformed", `${path} does not hold the key that captures are signed with`, {
      hint: "restore it from a copy, or remove it: a new one is made for the next capture, and the former public key still verifies what it signed",
    });
  }
}
