import { lstatSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../../ground/error.ts";

const mostLinks = 40;

/**
 * The real path inside of the folder `root` that `path` means to a process whose root it is: links are followed inside, never out of it. An image could
 * otherwise have `/etc/passwd -> /etc/shadow` read on the host. Undefined when nothing is there.
 */
export function resolveInside(root: string, path: string): string | undefined {
  const done: string[] = [];
  const pending = path.split("/").toReversed();
  for (let links = 0; pending.length > 0;) {
    const name = pending.pop() ?? "";
    if (name === "" || name === ".") continue;
    if (name === "..") {
      done.pop();
      continue;
    }
    const stats = statOf(join(root, ...done, name));
    if (stats === undefined) return undefined;
    if (!stats.isSymbolicLink()) {
      done.push(name);
      continue;
    }
    if (++links > mostLinks) return undefined;
    const target = readlinkSync(join(root, ...done, name));
    if (target.startsWith("/")) done.length = 0;
    pending.push(...target.split("/").toReversed());
  }
  return `/${done.join("/")}`;
}

/** What is at a path of the image, links followed inside of it. */
export function statInside(root: string, path: string): Stats | undefined {
  const real = resolveInside(root, path);
  return real === undefined ? undefined : statOf(join(root, real));
}

/** A text file of the image; undefined when there is none. */
export function readInside(root: string, path: string): string | undefined {
  const real = resolveInside(root, path);
  if (real === undefined || !statOf(join(root, real))?.isFile()) return undefined;
  return readFileSync(join(root, real), "utf8");
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
    throw error;
  }
}
