import { hash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { IngotError, isErrno } from "../../ground/error.ts";

/**
 * The vault keeps every package file ever used, by its content, so that a lock still builds after the mirrors have
 * moved on.
 */
export function vaultFolder(home: string): string {
  return join(home, "vault/sha256");
}

/** Where the file with this content lies, or will lie: `vault/sha256/ab/abcdef….deb`. `sha256` in hex. */
export function vaultPath(home: string, sha256: string): string {
  // A lock is a file that others write too: its hashes must not lead out of the vault.
  if (!isSha256(sha256)) throw new IngotError("internal-error", `${JSON.stringify(sha256)} is no SHA-256 in hex`);
  return join(vaultFolder(home), sha256.slice(0, 2), `${sha256}.deb`);
}

/** Where a file grows until it is whole and verified. */
export function partPath(home: string, sha256: string): string {
  return join(home, "vault/partial", `${sha256}.part`);
}

function isSha256(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** Whether the vault has a file of this content, judging by name and size; its content is verified when it is read. */
export function isInVault(home: string, file: { readonly sha256: string; readonly size: number }): boolean {
  try {
    return statSync(vaultPath(home, file.sha256)).size === file.size;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}

/** Reads a file of the vault and verifies it: disks rot, and people copy vaults. Throws `vault-damaged`. */
export function readVerified(path: string, sha256: string): Buffer {
  const content = readFileSync(path);
  const actual = hash("sha256", content);
  if (actual === sha256) return content;
  throw new IngotError("vault-damaged", `${path} has the SHA-256 ${actual}`, {
    hint: "ingot gc --check --remove-damaged; the next build fetches it again",
  });
}
