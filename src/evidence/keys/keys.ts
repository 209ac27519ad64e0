import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { withFileLock } from "../../ground/file-lock.ts";
import { roles, type Role } from "../evidence.ts";
import { formatKeyFile, parseKeyFile } from "./key-file.ts";
import { keyFolder, keyPath, publicKeyPath, shortId, type KeyName } from "./key-folder.ts";
import { readPrivateFile } from "../../ground/private-file.ts";
import { describeKey, parsePublicKey } from "./public-key.ts";
import { sealKey } from "./sealed-key.ts";
import { openSealed } from "./signer.ts";

/** A key of this installation, as far as it is known without its passphrase. */
export type KeyEntry<Name extends KeyName = Role> = {
  readonly role: Name;
  /** Hex SHA-256 of the SPKI DER. */
  readonly id: string;
  /** ISO 8601. */
  readonly created: string;
  readonly file: string;
  readonly publicFile: string;
  /** SPKI in PEM. */
  readonly publicPem: string;
  /** Public keys that this role had before, by rotation: their old signatures still count where they are trusted. */
  readonly former: readonly { readonly id: string; readonly publicFile: string }[];
};

/** Makes the key of a role. Throws `key-exists`: a key that is lost cannot be made again. */
export function generateKey<Name extends KeyName>(
  ctx: Context,
  role: Name,
  options: { passphrase: string },
): Promise<KeyEntry<Name>> {
  return withKeys(ctx, async () => {
    assertNoKey(ctx, role);
    return store(ctx, role, { secret: newKey(), passphrase: options.passphrase });
  });
}

/** Takes a key over that cosign, or another installation, made. Throws `key-exists`, `key-missing`, and what `openSigner` throws. */
export function importKey(ctx: Context, role: Role, from: { file: string; passphrase: string }): Promise<KeyEntry> {
  return withKeys(ctx, async () => {
    assertNoKey(ctx, role);
    const path = resolve(ctx.cwd, from.file);
    const text = readPrivateFile(path);
    if (text === undefined)
      throw new IngotError("key-missing", `there is no key file ${path}`, { hint: "ingot key import --help" });
    const secret = await openSealed(parseKeyFile(text, path).sealed, from.passphrase, path);
    return store(ctx, role, { secret, passphrase: from.passphrase });
  });
}

export type RotateOptions = {
  readonly passphrase: string;
  readonly keepsPrivate?: boolean;
  /** Tells others of the new key before the old one is gone: when that fails, everything is as before. */
  readonly announce?: (secret: KeyObject) => Promise<void>;
};

/**
 * Puts a new key in the place of a role's key. The old public key stays as `ROLE-ID12.pub`; the old private one only with `keepsPrivate`, as
 * `ROLE-ID12.key`.
 */
export function rotateKey<Name extends KeyName>(
  ctx: Context,
  role: Name,
  options: RotateOptions,
): Promise<{ readonly former: KeyEntry<Name>; readonly key: KeyEntry<Name> }> {
  return withKeys(ctx, async () => {
    const former = readKey(ctx, role);
    if (former === undefined) throw noKey(role);
    const name = join(keyFolder(ctx), `${role}-${shortId(former.id)}`);
    // Before the old key goes: what it signed must stay verifiable, whenever this stops.
    writeFileAtomic(`${name}.pub`, former.publicPem);
    if (options.keepsPrivate === true) writeFileAtomic(`${name}.key`, readFileSync(former.file), { mode: 0o600 });
    const secret = newKey();
    await options.announce?.(secret);
    const key = await store(ctx, role, { secret, passphrase: options.passphrase });
    return { former, key };
  });
}

/** In the order of the roles. A public file that a crash left missing, or of the key before, is written now. */
export function listKeys(ctx: Context): readonly KeyEntry[] {
  const keys = roles.flatMap((role) => readKey(ctx, role) ?? []);
  for (const key of keys) {
    if (readPublicFile(key) !== key.publicPem) writeFileAtomic(key.publicFile, key.publicPem);
  }
  return keys;
}

/** The key of a role without its passphrase; undefined where there is none. Throws `key-exposed`, `key-malformed`. */
export function readKey<Name extends KeyName>(ctx: Context, role: Name): KeyEntry<Name> | undefined {
  const file = keyPath(ctx, role);
  const text = readPrivateFile(file);
  if (text === undefined) return undefined;
  const { created, publicPem } = parseKeyFile(text, file);
  if (publicPem === undefined || created === undefined) throw foreignFile(file, role);
  const { id, pem } = parsePublicKey(publicPem, file);
  const former = formerKeys(ctx, role).filter((one) => one.id !== id);
  return { role, id, created, file, publicFile: publicKeyPath(ctx, role), publicPem: pem, former };
}

/** Throws `key-exists`. */
export function assertNoKey(ctx: Context, role: KeyName): void {
  const path = keyPath(ctx, role);
  if (!existsSync(path)) return;
  throw new IngotError("key-exists", `there is a key of the role ${role} already: ${path}`, {
    hint:
      role === "identity"
        ? "sign in with it: ingot login URL; `ingot identity rotate-key` puts a new one in its place"
        : `\`ingot key rotate ${role}\` puts a new one in its place and keeps the old public key`,
  });
}

/** The error for a role without a key. */
export function noKey(role: KeyName): IngotError {
  if (role === "identity") {
    return new IngotError("key-missing", "there is no key to sign in with", {
      hint: "ingot login URL --enrol CODE makes it; an admin has the code: ingot identity add",
    });
  }
  return new IngotError("key-missing", `there is no key of the role ${role}`, { hint: `ingot key generate ${role}` });
}

/** Two commands at once must not make two keys of a role, of which one would be lost. */
function withKeys<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
  const folder = keyFolder(ctx);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // An existing folder, or one made under another umask.
  chmodSync(folder, 0o700);
  return withFileLock(join(folder, "lock"), work, { wait: 60_000, what: `the keys in ${folder}`, ctx });
}

function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

async function store<Name extends KeyName>(
  ctx: Context,
  role: Name,
  { secret, passphrase }: { secret: KeyObject; passphrase: string },
): Promise<KeyEntry<Name>> {
  const file = keyPath(ctx, role);
  const { id, pem } = describeKey(createPublicKey(secret), file);
  const pkcs8 = secret.export({ type: "pkcs8", format: "der" });
  const sealed = await sealKey(ctx, pkcs8, passphrase);
  pkcs8.fill(0);
  const created = ctx.now().toISOString();
  // One rename puts both halves in place; the public file is a copy of what is in it.
  writeFileAtomic(file, formatKeyFile({ sealed, id, created, publicPem: pem }), { mode: 0o600 });
  const publicFile = publicKeyPath(ctx, role);
  writeFileAtomic(publicFile, pem);
  const former = formerKeys(ctx, role);
  return { role, id, created, file, publicFile, publicPem: pem, former };
}

function readPublicFile({ publicFile }: Pick<KeyEntry, "publicFile">): string | undefined {
  return existsSync(publicFile) ? readFileSync(publicFile, "utf8") : undefined;
}

function formerKeys(ctx: Context, role: KeyName): KeyEntry["former"] {
  const folder = keyFolder(ctx);
  const pattern = new RegExp(`^${role}-[0-9a-f]{12}\\.pub$`);
  const files = readdirSync(folder).filter((name) => pattern.test(name));
  return files.toSorted().map((name) => {
    const publicFile = join(folder, name);
    return { id: parsePublicKey(readFileSync(publicFile, "utf8"), publicFile).id, publicFile };
  });
}

function foreignFile(file: string, role: KeyName): IngotError {
  return new IngotError("key-malformed", `${file} lacks the public key that Ingot writes beside the private one`, {
    hint: `a key of cosign: move it elsewhere, then \`ingot key import FILE --role ${role}\``,
  });
}
