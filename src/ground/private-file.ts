import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { IngotError, isErrno } from "./error.ts";
import { formatMode } from "./format-mode.ts";

/**
 * Reads a file that holds a secret, and refuses it where anybody else could have read or written it. Undefined where there is none. Throws
 * `key-exposed`.
 */
export function readPrivateFile(path: string): string | undefined {
  const file = open(path);
  if (file === undefined) return undefined;
  try {
    // Of the open file: what the name points at may change between two looks.
    const stat = fstatSync(file);
    assertPrivate(path, stat);
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

function open(path: string): number | undefined {
  try {
    // A pipe put in its place would otherwise keep us waiting for ever.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

function assertPrivate(path: string, stat: Stats): void {
  const user = process.getuid?.() ?? 0;
  if (!stat.isFile()) throw exposed(`${path} is not a regular file`, "put the file itself there");
  if (stat.size > 1 << 20)
    throw exposed(`${path} has ${stat.size} bytes, too many for a key or a passphrase`, "name the right file");
  if (stat.uid !== user) {
    throw exposed(`${path} belongs to user ${stat.uid}, and this is user ${user}`, `chown ${user} ${path}`);
  }
  if ((stat.mode & 0o077) === 0) return;
  const mode = formatMode(stat.mode);
  throw exposed(
    `${path} has the mode ${mode}: others may read or change it`,
    `chmod 600 ${path}; if others use this host, make a new one: it may be known to them`,
  );
}

function exposed(message: string, hint: string): IngotError {
  return new IngotError("key-exposed", message, { hint });
}
