import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from "node:fs";
import { isErrno } from "../../ground/error.ts";

/** O_PATH of linux/fcntl.h: a place in the tree, without opening what is there (a pipe would wait, a device would act). */
const pathOnly = 0o10000000;
const mostLinks = 40;

/**
 * Calls `use` with an open place (O_PATH) inside of the folder `root`, links followed inside, never out of it; undefined when nothing is there. Other than
 * `content/look-inside.ts`, this holds while a hostile program changes the tree: each step starts from a folder that is open, so that one cannot be swapped for a link
 * between the look at it and its use.
 */
export function useInside<T>(root: string, path: string, use: (place: number) => T): T | undefined {
  // The root of a process that has ended meanwhile is gone.
  const rootPlace = unlessGone(() => openSync(root, pathOnly | constants.O_DIRECTORY));
  if (rootPlace === undefined) return undefined;
  const open = [rootPlace];
  try {
    return walk(open, path.split("/").toReversed()) ? use(top(open)) : undefined;
  } finally {
    for (const file of open) closeSync(file);
  }
}

/** `open` are the folders down to where we are, the root first. False when something is missing. */
function walk(open: number[], pending: string[]): boolean {
  for (let links = 0; pending.length > 0;) {
    const name = pending.pop() ?? "";
    if (name === "" || name === ".") continue;
    if (name === "..") {
      if (open.length > 1) closeSync(open.pop() as number);
      continue;
    }
    const parent = top(open);
    const place = openChild(parent, name);
    if (place === undefined) return false;
    if (!fstatSync(place).isSymbolicLink()) {
      open.push(place);
      continue;
    }
    closeSync(place);
    const target = readLink(parent, name);
    if (target === undefined || ++links > mostLinks) return false;
    if (target.startsWith("/")) for (const file of open.splice(1)) closeSync(file);
    pending.push(...target.split("/").toReversed());
  }
  return true;
}

function top(open: readonly number[]): number {
  return open.at(-1) as number;
}

function openChild(folder: number, name: string): number | undefined {
  return unlessGone(() => openSync(`/proc/self/fd/${folder}/${name}`, pathOnly | constants.O_NOFOLLOW));
}

function readLink(folder: number, name: string): string | undefined {
  return unlessGone(() => readlinkSync(`/proc/self/fd/${folder}/${name}`));
}

/** Undefined where what is looked at is gone or became something else meanwhile: then nothing is there. */
export function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    // EACCES and EPERM: entries of /proc that even root of the host may not follow.
    const gone = ["ENOENT", "ENOTDIR", "EINVAL", "ENAMETOOLONG", "ELOOP", "EACCES", "EPERM", "ESRCH"];
    if (gone.some((name) => isErrno(error, name))) return undefined;
    throw error;
  }
}

/** Calls `use` with the file opened for reading: the very one that `place` is. Undefined for one that cannot be opened. */
export function useContent<T>(place: number, use: (file: number) => T): T | undefined {
  const file = unlessGone(() => openSync(`/proc/self/fd/${place}`, constants.O_RDONLY | constants.O_NONBLOCK));
  if (file === undefined) return undefined;
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Reads from where the last read ended; 0 at the end. Attack: an image whose /etc/passwd is a link to /proc/1/mem or /proc/1/attr/current, regular files that refuse
 * to be read, ends the look with an error of the system. They are empty.
 */
export function readPiece(file: number, buffer: Buffer): number {
  try {
    return readSync(file, buffer);
  } catch (error) {
    const refusals = ["EIO", "EINVAL", "EAGAIN", "EACCES", "EPERM", "ESRCH", "EOPNOTSUPP"];
    if (refusals.some((name) => isErrno(error, name))) return 0;
    throw error;
  }
}
