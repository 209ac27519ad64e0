import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { syncFolder, temporaryPath } from "../../ground/atomic-file.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { makeFolders } from "../../ground/make-folders.ts";
import { readPrivateFile } from "../../ground/private-file.ts";
import type { LogKey } from "./log.ts";
import { formatVerifierKey, isKeyName } from "./verifier-key.ts";

/** Makes an Ed25519 key in a new file that only this user can read. Throws `key-exists`, `key-malformed` for a name that no note can hold. */
export function createLogKey(path: string, name: string): LogKey {
  if (!isKeyName(name)) {
    throw new IngotError("key-malformed", `${JSON.stringify(name)} is no name for a key of a log`, {
      hint: "use a host and a path without spaces and plus signs, such as ingot.example/events",
    });
  }
  const { privateKey } = generateKeyPairSync("ed25519");
  // PEM readers skip text before the block (RFC 7468, section 2); the name is what notes call the key.
  writeNew(path, `name: ${name}\n\n${privateKey.export({ type: "pkcs8", format: "pem" }).toString()}`);
  return { name, secret: privateKey };
}

/** Throws `key-missing`, `key-exposed` where others could have read it, `key-malformed`. */
export function readLogKey(path: string): LogKey {
  const text = readPrivateFile(path);
  if (text === undefined)
    throw new IngotError("key-missing", `there is no key in ${path}`, { hint: "restore the file from a copy" });
  const name = /^name: (\S+)$/m.exec(text)?.[1];
  if (name === undefined || !isKeyName(name)) throw malformed(path, "it does not say its name");
  try {
    const secret = createPrivateKey(text);
    if (secret.asymmetricKeyType !== "ed25519")
      throw malformed(path, `it holds a key of the kind ${secret.asymmetricKeyType}`);
    return { name, secret };
  } catch (cause) {
    if (cause instanceof IngotError) throw cause;
    throw malformed(path, "it holds no private key that can be read", cause);
  }
}

/** The public half, as C2SP signed-note writes it. */
export function verifierKey(key: LogKey): string {
  return formatVerifierKey(key.name, key.secret);
}

/** Whole or not at all, and never in the place of another. */
function writeNew(path: string, text: string): void {
  makeFolders(dirname(path));
  const temporary = temporaryPath(path);
  try {
    const file = openSync(temporary, "wx", 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    // Unlike a rename, a link does not replace what is there.
    linkSync(temporary, path);
  } catch (cause) {
    if (!isErrno(cause, "EEXIST")) throw cause;
    throw new IngotError("key-exists", `${path} exists already`, {
      hint: "choose another file, or keep this key",
      cause,
    });
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(dirname(path));
}

function malformed(path: string, why: string, cause?: unknown): IngotError {
  return new IngotError("key-malformed", `${path} is not the key of a log: ${why}`, {
    hint: "restore the file from a copy: what this key has signed cannot be continued with another one",
    cause,
  });
}
