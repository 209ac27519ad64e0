import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PublicKey } from "openpgp";
import { IngotError, isErrno } from "../../ground/error.ts";
import type { KeyringSource } from "./keyring-source.ts";

/** Trusted public keys, and what to tell a person about where they are from. */
export type Keyring = {
  readonly keys: readonly PublicKey[];
  /** Empty: every key counts, with all its subkeys. */
  readonly fingerprints: readonly string[];
  /** The files, for messages. */
  readonly from: string;
};

/**
 * Reads a keyring: binary or armored, by content, whatever its name. `root` is where the host's own keyrings lie
 * below. Throws `keyring-unusable` when a file is missing or unreadable, or when there is no key at all.
 */
export async function loadKeyring(source: KeyringSource, root = "/"): Promise<Keyring> {
  const parts = source.kind === "embedded" ? [embedded(source.armored)] : readFiles(source, root);
  const from = parts.map((part) => part.path).join(", ");
  const keys = (await Promise.all(parts.map(parseKeys))).flat();
  if (keys.length === 0) throw unusable(`no OpenPGP key in ${from || "the host's keyrings"}`);
  return { keys, fingerprints: source.fingerprints, from };
}

type KeyFile = { readonly path: string; readonly content: Buffer };

function embedded(armored: string): KeyFile {
  return { path: "the key in the apt source", content: Buffer.from(armored) };
}

function readFiles(source: KeyringSource, root: string): readonly KeyFile[] {
  const paths = source.kind === "files" ? source.files : hostFiles(root);
  return paths.map((path) => ({ path, content: readKeyFile(path) }));
}

/** Debian's archive keyring where it is installed, else what apt trusts for every source (apt-key(8)). */
function hostFiles(root: string): readonly string[] {
  const [own] = globSync("usr/share/keyrings/debian-archive-keyring.{gpg,pgp}", { cwd: root });
  if (own !== undefined) return [join(root, own)];
  return globSync("etc/apt/trusted.gpg.d/*.{gpg,asc}", { cwd: root })
    .toSorted()
    .map((path) => join(root, path));
}

function readKeyFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const problem = isErrno(error, "ENOENT") ? "does not exist" : "cannot be read";
    throw unusable(`the keyring ${path} ${problem}`, error);
  }
}

async function parseKeys(file: KeyFile): Promise<readonly PublicKey[]> {
  const { readKeys } = await import("openpgp");
  try {
    const isArmored = file.content.subarray(0, 2048).includes("-----BEGIN PGP PUBLIC KEY BLOCK-----");
    return isArmored
      ? await readKeys({ armoredKeys: file.content.toString("latin1") })
      : await readKeys({ binaryKeys: file.content });
  } catch (error) {
    throw unusable(`${file.path} is no OpenPGP keyring`, error);
  }
}

function unusable(problem: string, cause?: unknown): IngotError {
  return new IngotError("keyring-unusable", problem, {
    cause,
    hint: "apt-get install debian-archive-keyring, or name a keyring file by keyring: in ingot.yaml",
  });
}
