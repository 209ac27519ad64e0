import { libc, SystemCallError } from "./libc.ts";

/** All extended attributes of a path itself (links are not followed); empty where the file system has none. */
export function readXattrs(path: string): ReadonlyMap<string, Buffer> {
  const names = Buffer.alloc(65_536);
  const length = Number(libc.llistxattr(path, names, BigInt(names.length)));
  if (length < 0) {
    const error = new SystemCallError("llistxattr", path);
    if (error.code === "ENOTSUP" || error.code === "EOPNOTSUPP") return new Map();
    throw error;
  }
  const list = names.toString("utf8", 0, length).split("\0").filter(Boolean).toSorted();
  return new Map(list.map((name) => [name, readXattr(path, name)]));
}

function readXattr(path: string, name: string): Buffer {
  const value = Buffer.alloc(65_536);
  const length = Number(libc.lgetxattr(path, name, value, BigInt(value.length)));
  if (length < 0) throw new SystemCallError("lgetxattr", `${path} ${name}`);
  return Buffer.from(value.subarray(0, length));
}

export function writeXattr(path: string, name: string, value: Buffer): void {
  if (libc.lsetxattr(path, name, value, BigInt(value.length), 0) !== 0)
    throw new SystemCallError("lsetxattr", `${path} ${name}`);
}
