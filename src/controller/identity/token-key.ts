import { jsonOrUndefined } from "../../ground/json-or-undefined.ts";
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { readPrivateFile } from "../../ground/private-file.ts";

/** What access tokens are signed and checked with: ECDSA P-256 (ES256). */
export type TokenKeys = {
  readonly current: { readonly id: string; readonly secret: KeyObject };
  /** By id. The former key checks for as long as a token lives, and signs nothing. */
  readonly check: ReadonlyMap<string, KeyObject>;
};

/**
 * The keys of `$INGOT_HOME/ledger/token.key` (mode 0600), made where there are none, and replaced when they are thirty days old. `now`: seconds since 1970. Whoever removes the file ends all
 * tokens at once. Throws `key-exposed`, `key-malformed`.
 */
export function readTokenKeys(ctx: Pick<Context, "home">, now: number): TokenKeys {
  const path = join(ctx.home, "ledger/token.key");
  const text = readPrivateFile(path);
  const kept = text === undefined ? undefined : parse(text, path);
  if (kept !== undefined && now < kept.created + lifeOfKey) return toKeys(kept, now, path);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const secret = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const made: KeptKeys = {
    created: now,
    secret,
    ...(kept === undefined ? {} : { former: { pem: publicPem(kept.secret, path), until: now + lifeOfToken } }),
  };
  writeFileAtomic(path, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  return toKeys(made, now, path);
}

/** Seconds: no token lives longer. */
export const lifeOfToken = 3600;
const lifeOfKey = 30 * 86_400;

type KeptKeys = z.infer<typeof schema>;

const schema = z.strictObject({
  created: z.int(),
  secret: z.string(),
  former: z.strictObject({ pem: z.string(), until: z.int() }).exactOptional(),
});

function parse(text: string, path: string): KeptKeys {
  const parsed = schema.safeParse(jsonOrUndefined(text));
  if (parsed.success) return parsed.data;
  // Without the cause: it would quote a part of the key.
  throw malformed(path);
}

function toKeys({ secret: pem, former }: KeptKeys, now: number, path: string): TokenKeys {
  const secret = load(() => createPrivateKey(pem), path);
  const current = createPublicKey(secret);
  const id = keyId(current);
  const check = new Map([[id, current]]);
  if (former !== undefined && now < former.until) {
    const key = load(() => createPublicKey(former.pem), path);
    check.set(keyId(key), key);
  }
  return { current: { id, secret }, check };
}

function publicPem(secret: string, path: string): string {
  return load(() => createPublicKey(createPrivateKey(secret)), path)
    .export({ type: "spki", format: "pem" })
    .toString();
}

function load(work: () => KeyObject, path: string): KeyObject {
  try {
    return work();
  } catch {
    throw malformed(path);
  }
}

function keyId(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("base64url")
    .slice(0, 16);
}

function malformed(path: string): IngotError {
  return new IngotError("key-malformed", `${path} does not hold the keys that tokens are signed with`, {
    hint: `restore it from a copy, or remove it: a new one is made at the next start, and everybody signs in again`,
  });
}
